//! A route: where it is, who may ask, what handles it, and how it is described. One value, so that what is served and what is
//! documented cannot drift apart.

use super::state::Web;
use crate::config::limits::IDEMPOTENCY_KEY_CHARS;
use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may ask. Whatever says nothing is for callers who are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody: health, signing in, the style sheet.
    Everybody,
    /// Holders of a token or a session; others get a problem.
    Caller,
    /// The same on a page for people; others are told how to sign in.
    Page,
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// Nothing.
    None,
    /// JSON of that shape.
    Json(SchemaOf),
    /// Something else, by its media type.
    Other(&'static str),
}

/// A route.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) handler: MethodRouter<Web>,
    pub(super) doc: Doc,
}

/// How it is described.
#[derive(Default)]
pub(super) struct Doc {
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    /// Parameters of the path and headers, ready made.
    pub(super) parameters: Vec<Value>,
    pub(super) query: Option<SchemaOf>,
    pub(super) body: Option<SchemaOf>,
    pub(super) answers: Vec<(u16, &'static str, Content)>,
    pub(super) problems: Vec<u16>,
}

impl Route {
    fn new(method: &'static str, path: &'static str, handler: MethodRouter<Web>) -> Self {
        Self { method, path, access: Access::Caller, handler, doc: Doc::default() }
    }

    /// `GET`.
    pub(super) fn get(path: &'static str, handler: MethodRouter<Web>) -> Self {
        Self::new("get", path, handler)
    }

    /// `POST`.
    pub(super) fn post(path: &'static str, handler: MethodRouter<Web>) -> Self {
        Self::new("post", path, handler)
    }

    /// `DELETE`.
    pub(super) fn delete(path: &'static str, handler: MethodRouter<Web>) -> Self {
        Self::new("delete", path, handler)
    }

    /// A page for people who are signed in.
    pub(super) fn page(path: &'static str, handler: MethodRouter<Web>, summary: &'static str) -> Self {
        let route = Self { access: Access::Page, ..Self::new("get", path, handler) };
        route.says(summary).gives(200, "The page.", "text/html").gives(401, "How to sign in.", "text/html")
    }

    /// For everybody.
    pub(super) fn open(mut self) -> Self {
        self.access = Access::Everybody;
        self
    }

    /// In a few words.
    pub(super) fn says(mut self, summary: &'static str) -> Self {
        self.doc.summary = summary;
        self
    }

    /// In more words.
    pub(super) fn explains(mut self, description: &'static str) -> Self {
        self.doc.description = description;
        self
    }

    /// A parameter in the path.
    pub(super) fn path_parameter(mut self, name: &str, said: &str) -> Self {
        let schema = json!({"type": "string"});
        let parameter = json!({"name": name, "in": "path", "required": true, "description": said, "schema": schema});
        self.doc.parameters.push(parameter);
        self
    }

    /// A header that may be given.
    pub(super) fn header(mut self, name: &str, said: &str, schema: Value) -> Self {
        self.doc.parameters.push(json!({"name": name, "in": "header", "description": said, "schema": schema}));
        self
    }

    /// `Idempotency-Key` is heeded.
    pub(super) fn once(self) -> Self {
        let schema =
            json!({"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS, "pattern": "^[!-~]+$"});
        let said = "Your name for this delivery. A second one of the same name is answered, not repeated.";
        self.header("Idempotency-Key", said, schema)
    }

    /// The query string's keys are this type's fields.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.doc.query = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// The body is this type as JSON.
    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.doc.body = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// It answers with this type as JSON.
    pub(super) fn answers<T: JsonSchema>(mut self, status: u16, said: &'static str) -> Self {
        self.doc.answers.push((status, said, Content::Json(SchemaGenerator::subschema_for::<T>)));
        self
    }

    /// It answers with something that is no JSON.
    pub(super) fn gives(mut self, status: u16, said: &'static str, media_type: &'static str) -> Self {
        self.doc.answers.push((status, said, Content::Other(media_type)));
        self
    }

    /// It answers without a body.
    pub(super) fn bare(mut self, status: u16, said: &'static str) -> Self {
        self.doc.answers.push((status, said, Content::None));
        self
    }

    /// It may answer with these problems, beside those that everything behind a sign-in may.
    pub(super) fn problems(mut self, statuses: &[u16]) -> Self {
        self.doc.problems.extend_from_slice(statuses);
        self
    }
}
