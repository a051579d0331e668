//! The description of every route, OpenAPI 3.1, made from the route table and from the types that are really sent and read.
//! Nothing here names a route or a field: what is not in the table is neither served nor described.

use super::PROBLEM_JSON;
use super::error::ProblemBody;
use super::route::{Access, Content, Doc, Route, SchemaOf};
use super::state::Web;
use crate::store::StreamItem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Where schemas lie in the document.
const SCHEMAS: &str = "/components/schemas";

/// The route of the description itself.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/openapi.json", get(document)).open().says("This description").gives(
        200,
        "OpenAPI 3.1.",
        "application/json",
    )]
}

async fn document(State(web): State<Web>) -> Json<Value> {
    Json(describe(&super::routes(), web.version, web.public_url.as_deref()))
}

/// The whole description of a route table.
pub(super) fn describe(routes: &[Route], version: &str, public_url: Option<&str>) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let path = route.path.replace("{*", "{");
        let operation = operation(route, &mut schemas);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[route.method] = operation;
    }
    // What server-sent events hold has no place of its own in OpenAPI 3.1; the stream's description names it.
    schemas.sent::<StreamItem>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Drillbell",
            "version": version,
            "description": "Commands, clicks, incidents and the console's stream of one bot. Everything sent under one \
                            Idempotency-Key happens once, however often it is sent. Lists come in pages: `next` of one is \
                            the `cursor` of the following.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url.unwrap_or("/")}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer",
                    "description": "A token made by `drillbell token new`, or the local one, from the file beside the data; the \
                                    holder of the local one may act for any console user with `as`."},
                "session": {"type": "apiKey", "in": "cookie", "name": "drillbell_session",
                    "description": "A session of the page (`__Host-drillbell` over TLS). It may change something only from there."},
            },
            "schemas": schemas.finish(),
        },
    })
}

/// The schemas of what is sent and of what is read; the two differ in which fields must be there.
struct Schemas {
    sent: SchemaGenerator,
    read: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = SCHEMAS.into();
                settings.meta_schema = None;
            })
        };
        Self { sent: settings().for_serialize().into_generator(), read: settings().for_deserialize().into_generator() }
    }

    fn sent<T: schemars::JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().to_value()
    }

    fn finish(mut self) -> Value {
        let mut all = self.sent.take_definitions(true);
        all.extend(self.read.take_definitions(true));
        Value::Object(all)
    }

    /// The fields of a type as parameters of a query string.
    fn parameters(&mut self, of: SchemaOf) -> Vec<Value> {
        let reference = of(&mut self.read).to_value();
        let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        // Parameters stand in the operation itself; as a schema of its own it would be described twice.
        let schema = self.read.definitions_mut().remove(name).unwrap_or(reference);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let fields = schema["properties"].as_object().cloned().unwrap_or_default();
        fields
            .into_iter()
            .map(|(name, mut schema)| {
                let said = schema.as_object_mut().and_then(|schema| schema.remove("description"));
                plain(&mut schema);
                let required = required.contains(&json!(name));
                json!({"name": name, "in": "query", "required": required, "description": said, "schema": schema})
            })
            .collect()
    }
}

/// In a query there is no null: what is not given is left out.
fn plain(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if let [kind] = kinds.as_slice() {
            schema["type"] = kind.clone();
        }
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("default");
        schema.remove("format");
    }
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let doc = &route.doc;
    let mut operation = json!({"summary": doc.summary, "responses": responses(route, schemas)});
    if !doc.description.is_empty() {
        operation["description"] = json!(doc.description);
    }
    let mut parameters = doc.parameters.clone();
    parameters.extend(doc.query.map(|of| schemas.parameters(of)).unwrap_or_default());
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(of) = doc.body {
        let schema = of(&mut schemas.read).to_value();
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if route.access == Access::Everybody {
        operation["security"] = json!([]);
    }
    operation
}

fn responses(route: &Route, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for status in problems(route) {
        let mut response = json!({"description": what(status)});
        if route.path.starts_with("/api/") {
            response["content"] = json!({PROBLEM_JSON: {"schema": schemas.sent::<ProblemBody>()}});
        }
        responses.insert(status.to_string(), response);
    }
    for (status, said, content) in &route.doc.answers {
        let mut response = json!({"description": said});
        match content {
            Content::None => {}
            Content::Json(of) => {
                let schema = of(&mut schemas.sent).to_value();
                response["content"] = json!({"application/json": {"schema": schema}});
            }
            Content::Other(media_type) => response["content"] = json!({*media_type: {}}),
        }
        // A status may be answered in several media types.
        let earlier = responses.get_mut(&status.to_string()).and_then(|said| said["content"].as_object_mut());
        match (earlier, response["content"].as_object()) {
            (Some(earlier), Some(more)) => earlier.extend(more.clone()),
            _ => _ = responses.insert(status.to_string(), response),
        }
    }
    Value::Object(responses)
}

/// The problems that a route may answer with, by what it reads.
fn problems(route: &Route) -> Vec<u16> {
    let Doc { query, body, parameters, problems, .. } = &route.doc;
    let mut all = problems.clone();
    if route.access == Access::Caller {
        all.extend([401, 500, 503]);
        if route.method != "get" {
            all.push(403);
        }
    }
    if query.is_some() {
        all.extend([400, 422]);
    }
    if body.is_some() {
        all.extend([400, 408, 413, 422]);
    }
    if parameters.iter().any(|parameter| parameter["in"] == "header") {
        all.push(400);
    }
    if route.access != Access::Everybody && parameters.iter().any(|parameter| parameter["in"] == "path") {
        all.push(404);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn what(status: u16) -> &'static str {
    match status {
        400 => "It cannot be read.",
        401 => "No token or session that is known.",
        403 => "Not allowed.",
        404 => "There is no such thing, or not for you.",
        408 => "The body did not arrive in time.",
        409 => "It is there already.",
        413 => "The body is too large.",
        422 => "A field does not fit; `field` names it.",
        429 => "Too many were tried in vain; see `Retry-After`.",
        503 => "Too much is waiting, or the database does not answer; see `Retry-After`.",
        _ => "Something went wrong on our side.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn described() -> Value {
        describe(&super::super::routes(), "0", Some("https://bell.example.org"))
    }

    #[test]
    fn every_route_is_described_in_words() {
        let described = described();
        let routes = super::super::routes();
        let mut operations = 0;
        for (path, item) in described["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations += 1;
                assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.keys().any(|status| status.as_str() < "4"), "{method} {path} never succeeds");
            }
        }
        assert_eq!(operations, routes.len(), "two routes of one method and path");
    }

    #[test]
    fn every_field_and_parameter_is_described_in_words() {
        let described = described();
        let mut silent = Vec::new();
        look("", &described["components"]["schemas"], &mut silent);
        for (path, item) in described["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    if parameter["description"].as_str().is_none_or(str::is_empty) {
                        silent.push(format!("{path} {}", parameter["name"]));
                    }
                }
            }
        }
        assert!(silent.is_empty(), "{silent:#?}");
    }

    /// Properties without a description, by where they are.
    fn look(at: &str, value: &Value, silent: &mut Vec<String>) {
        let Some(object) = value.as_object() else {
            for item in value.as_array().into_iter().flatten() {
                look(at, item, silent);
            }
            return;
        };
        for (name, schema) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            // A constant is what tells the kinds of one thing apart.
            if schema.get("description").is_none() && schema.get("const").is_none() {
                silent.push(format!("{at}.{name}"));
            }
        }
        for (name, inner) in object {
            look(&format!("{at}/{name}"), inner, silent);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let described = described();
        let text = described.to_string();
        let schemas = described["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
        let used: BTreeSet<&str> =
            text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let missing: Vec<_> = known.symmetric_difference(&used).copied().filter(|name| *name != "StreamItem").collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
