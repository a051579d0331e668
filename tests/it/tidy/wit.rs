//! WIT is the plugin author's manual: every item is documented.

use super::assert_none;
use super::source::walk;

/// What begins an item that needs a doc comment. Fields and cases may speak for themselves.
const ITEMS: [&str; 8] = ["interface ", "world ", "record ", "variant ", "enum ", "flags ", "resource ", "type "];

fn undocumented(path: &str, text: &str) -> Vec<String> {
    let mut documented = false;
    let mut complaints = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("///") {
            documented = true;
        } else if !line.starts_with('@') {
            let function = line.contains("func(") || line.starts_with("constructor(");
            let item = function || ITEMS.iter().any(|item| line.starts_with(item));
            if item && !documented {
                complaints.push(format!("{path}:{}: no doc comment before `{line}`", i + 1));
            }
            documented = false;
        }
    }
    complaints
}

#[test]
fn every_wit_item_is_documented() {
    let files = walk("wit", "wit");
    assert!(!files.is_empty());
    assert_none(files.iter().flat_map(|file| undocumented(&file.path, &file.text)).collect());
}

#[test]
fn an_undocumented_item_is_found() {
    for item in
        ["interface a {", "record b {", "get: func(key: string) -> string;", "post: async func();", "resource r {"]
    {
        assert_eq!(undocumented("x", item).len(), 1, "{item}");
        assert_eq!(undocumented("x", &format!("/// Why.\n@since(version = 0.1.0)\n{item}")).len(), 0, "{item}");
        assert_eq!(undocumented("x", &format!("/// Why.\n\n{item}")).len(), 1, "{item}");
    }
    assert!(undocumented("x", "use a.{b};\nname: string,\nimport log;").is_empty());
}
