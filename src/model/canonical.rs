//! The one way a JSON value is written where it is hashed, in the trail and for approvals: keys sorted, no spaces, integers only. Written and read back it is the
//! same text, whatever features other crates switch on in `serde_json`.

use serde_json::Value;

/// Values nested deeper than this are kept as text, so that no record can outgrow the reader's recursion limit (128).
const MAX_DEPTH: usize = 64;

/// The canonical text of a value. Numbers that are no 64-bit integers become text: floats do not survive a round trip.
pub fn text(value: &Value) -> String {
    let mut out = String::with_capacity(256);
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => quote(&value.to_string(), out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, depth + 1, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (i, (key, item)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                write(item, depth + 1, out);
            }
            out.push('}');
        }
        Value::Number(number) if !number.is_i64() && !number.is_u64() => quote(&number.to_string(), out),
        Value::String(text) => quote(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a string is always JSON"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_level_and_nothing_is_spaced() {
        let value = json!({"b": [1, {"z": null, "a": true}], "a": "x\ny"});
        assert_eq!(text(&value), r#"{"a":"x\ny","b":[1,{"a":true,"z":null}]}"#);
    }

    #[test]
    fn numbers_that_are_no_integers_are_kept_as_text() {
        assert_eq!(text(&json!([1.5, u64::MAX, i64::MIN])), r#"["1.5",18446744073709551615,-9223372036854775808]"#);
    }

    #[test]
    fn a_value_nested_too_deep_is_still_readable() {
        let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
        let written = text(&deep);
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(text(&read), written);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_to_the_same_text(value in any_json()) {
            let written = text(&value);
            let read: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(text(&read), written);
        }
    }
}
