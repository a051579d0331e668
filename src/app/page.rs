//! The public status page's parts, put together.

use crate::artifacts::Artifacts;
use crate::board::{self, Board, Keeper};
use crate::clock::Clock;
use crate::config::Config;
use crate::export::Export;
use crate::status::Frame;
use crate::store::Store;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The page and who keeps it up.
pub(super) struct Page {
    board: Board,
    keeper: Keeper,
    export: Option<Export>,
}

/// The configured page, rendered for the first time. Without a public address its links lead to where the bot listens.
pub(super) async fn open(
    config: &Config,
    base_url: Option<&str>,
    store: &Store,
    clock: &Clock,
    artifacts: &Artifacts,
) -> anyhow::Result<Option<Page>> {
    let Some(page) = config.status.clone() else { return Ok(None) };
    let base = base_url.map_or_else(|| format!("http://{}", config.server.listen), str::to_owned);
    let prefix = page.export.clone();
    let (board, keeper) =
        board::open(store.clone(), clock.clone(), Frame { page, base }, Arc::new(config.probes.clone())).await?;
    let export =
        prefix.map(|prefix| Export::new(board.clone(), store.clone(), artifacts.clone(), clock.clone(), prefix));
    Ok(Some(Page { board, keeper, export }))
}

impl Page {
    /// Where it is read.
    pub(super) fn board(&self) -> Board {
        self.board.clone()
    }

    /// Lets it be kept up until `stop`.
    pub(super) fn spawn(self, stop: &CancellationToken) -> Vec<JoinHandle<()>> {
        let keeping = tokio::spawn(self.keeper.run(stop.clone()));
        let exporting = self.export.map(|export| tokio::spawn(export.run(stop.clone())));
        [keeping].into_iter().chain(exporting).collect()
    }
}
