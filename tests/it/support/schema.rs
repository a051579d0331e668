//! As much of JSON Schema as our own description uses: enough to hold answers to it.

use serde_json::Value;

/// Everything in which `value` does not keep to the schema `name` of an OpenAPI document.
pub fn misfits(document: &Value, name: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, &document["components"]["schemas"][name], value, name, &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let beside = schema;
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        let Some(own) = beside["properties"].as_object() else { return check(document, schema, value, at, found) };
        // What stands beside the reference is checked here, and is no business of the schema it leads to.
        let mut rest = value.clone();
        for (name, schema) in own {
            match rest.as_object_mut().and_then(|rest| rest.remove(name)) {
                Some(value) => check(document, schema, &value, &format!("{at}.{name}"), found),
                None => found.push(format!("{at} has no {name}")),
            }
        }
        return check(document, schema, &rest, at, found);
    }
    assert!(schema.is_object() || *schema == Value::Bool(true), "no schema at {at}");
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = |choice: &Value| {
            let mut misfits = Vec::new();
            check(document, choice, value, at, &mut misfits);
            misfits.is_empty()
        };
        if !choices.iter().any(fits) {
            found.push(format!("{at} is {value}, which fits none of {} choices", choices.len()));
        }
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.is_empty() && !kinds.contains(&kind) {
        found.push(format!("{at} is {kind}, not {kinds:?}"));
    }
    let known = schema["enum"].as_array().is_none_or(|known| known.contains(value));
    let same = schema.get("const").is_none_or(|same| same == value);
    if !known || !same {
        found.push(format!("{at} is {value}, which is none of what it may be"));
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (n, item) in items.iter().enumerate() {
            check(document, schema, item, &format!("{at}[{n}]"), found);
        }
    }
    let Some(object) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            found.push(format!("{at} has no {name}"));
        }
    }
    let has_fields = schema["properties"].is_object();
    for (name, value) in object {
        let at = format!("{at}.{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(schema), _) => check(document, schema, value, &at, found),
            (None, schema @ Value::Object(_)) => check(document, schema, value, &at, found),
            (None, Value::Bool(true)) => {}
            // What has named fields has no others: a field that nobody described is a mistake.
            (None, _) if has_fields => found.push(format!("{at} is not described")),
            (None, _) => {}
        }
    }
}
