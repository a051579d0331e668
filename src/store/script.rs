//! What a transaction is to do, collected and sent in as few trips as can be: usually one, or two if something must be read
//! under the lock before the rest is known. A trip costs more than most statements do.

use super::error::StoreError;
use super::session::{Rows, Session};
use super::statement::Statement;
use sqlx::AnyConnection;

/// Where a statement's answer will be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// A transaction being put together.
#[derive(Default)]
pub(super) struct Script {
    waiting: Vec<Statement>,
    answers: Vec<Rows>,
}

impl Script {
    /// Adds a statement; it runs after all that were added before.
    pub(super) fn push(&mut self, statement: Statement) -> Place {
        self.waiting.push(statement);
        Place(self.answers.len() + self.waiting.len() - 1)
    }

    /// Adds several.
    pub(super) fn extend(&mut self, statements: impl IntoIterator<Item = Statement>) {
        self.waiting.extend(statements);
    }

    /// Sends what has been collected and leaves the transaction open: for what must be read before the rest can be said, and
    /// for functions that take a connection and make trips of their own.
    pub(super) async fn open<'s>(&mut self, session: &'s mut Session) -> Result<&'s mut AnyConnection, StoreError> {
        if !session.is_open() || !self.waiting.is_empty() {
            let statements = std::mem::take(&mut self.waiting);
            self.answers.extend(session.send(!session.is_open(), &statements, false).await?);
        }
        Ok(session.connection())
    }

    /// Sends the rest and commits. A lone statement needs no `begin` and `commit`.
    pub(super) async fn commit(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let statements = std::mem::take(&mut self.waiting);
        let open = session.is_open();
        let alone = !open && statements.len() == 1;
        if open || !statements.is_empty() {
            self.answers.extend(session.send(!open && !alone, &statements, !alone).await?);
        }
        Ok(())
    }

    /// The rows of a statement that has been sent.
    pub(super) fn take(&mut self, place: Place) -> Rows {
        self.answers.get_mut(place.0).map(std::mem::take).unwrap_or_default()
    }
}
