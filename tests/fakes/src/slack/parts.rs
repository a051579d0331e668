//! Ids of parts of blocks. <https://docs.slack.dev/reference/block-kit/blocks/actions-block>

use super::state::State;
use serde_json::{Value, json};

/// Parts that have no ids get some: "if not specified, one will be generated".
pub(super) fn named(state: &mut State, blocks: Option<&mut Value>) {
    let kinds = ["actions", "input", "section"].map(Value::from);
    for block in
        blocks.and_then(Value::as_array_mut).into_iter().flatten().filter(|block| kinds.contains(&block["type"]))
    {
        name(state, Some(block), "block_id");
        name(state, block.get_mut("accessory"), "action_id");
        name(state, block.get_mut("element"), "action_id");
        for element in block.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten() {
            name(state, Some(element), "action_id");
        }
    }
}

fn name(state: &mut State, part: Option<&mut Value>, key: &str) {
    if let Some(part) = part.filter(|part| part.is_object() && part[key].is_null()) {
        part[key] = json!(format!("made{}", state.unique()));
    }
}
