//! A table's name as people write it: `orders`, `public.orders`; and as SQL quotes it.

/// A table, with its schema if there is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// Its schema; empty where there is none.
    pub schema: String,
    /// Its name.
    pub table: String,
}

impl TableName {
    /// For SQL: every part in quotes.
    pub fn quoted(&self) -> String {
        match self.schema.is_empty() {
            true => quoted(&self.table),
            false => format!("{}.{}", quoted(&self.schema), quoted(&self.table)),
        }
    }

    /// For people.
    pub fn shown(&self) -> String {
        match self.schema.is_empty() {
            true => self.table.clone(),
            false => format!("{}.{}", self.schema, self.table),
        }
    }

    /// Whether people mean it by this: its name, or its name with its schema.
    pub fn is_meant_by(&self, text: &str) -> bool {
        text == self.table || text == self.shown()
    }
}

/// A name in quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
