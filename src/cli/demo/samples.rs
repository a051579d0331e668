//! What the demo has to look after: the database, the pictures and the releases of a little shop, and a runbook for it, laid beside its
//! configuration once.

use crate::cli::failure::Failure;
use crate::shop::Shop;
use crate::store::write_sample_shop;
use std::path::Path;

/// The shop's pictures: drawn here, so that nothing has to be fetched.
const PICTURES: [(&str, &str, &str); 3] = [
    ("kite.svg", "M50 5 90 50 50 95 10 50z", "#3366aa"),
    ("drum.svg", "M15 30h70v45h-70z", "#aa5533"),
    ("top.svg", "M20 30h60l-30 60z", "#338855"),
];

/// The shop's runbook.
const RUNBOOK: (&str, &str) = ("shop-looks-wrong.md", include_str!("../../../assets/demo/shop-looks-wrong.md"));

/// Lays what is missing. Whatever somebody changed or broke there stays as it is.
pub(super) async fn lay(folder: &Path) -> Result<Shop, Failure> {
    lay_runbook(folder)?;
    let shop = folder.join("shop");
    if !shop.exists() {
        lay_goods(folder, &shop).await?;
    }
    let running = Shop::at(shop.clone());
    running.lay().map_err(|error| Failure::new(format!("cannot write {}: {error}", shop.display())))?;
    Ok(running)
}

/// What the shop sells and to whom.
async fn lay_goods(folder: &Path, shop: &Path) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| Failure::new(format!("cannot write {}: {error}", shop.display()));
    // Under another name first: a demo that was stopped in between begins anew.
    let unfinished = folder.join("shop.new");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).map_err(|error| cannot(&error))?;
    }
    let media = unfinished.join("media");
    std::fs::create_dir_all(&media).map_err(|error| cannot(&error))?;
    for (name, path, colour) in PICTURES {
        let picture = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\"><path fill=\"{colour}\" d=\"{path}\"/></svg>\n"
        );
        std::fs::write(media.join(name), picture).map_err(|error| cannot(&error))?;
    }
    write_sample_shop(&unfinished.join("shop.db")).await.map_err(|error| cannot(&error))?;
    std::fs::rename(&unfinished, shop).map_err(|error| cannot(&error))
}

fn lay_runbook(folder: &Path) -> Result<(), Failure> {
    let runbooks = folder.join("runbooks");
    if runbooks.exists() {
        return Ok(());
    }
    let (name, text) = RUNBOOK;
    let written = std::fs::create_dir_all(&runbooks).and_then(|()| std::fs::write(runbooks.join(name), text));
    written.map_err(|error| Failure::new(format!("cannot write {}: {error}", runbooks.display())))
}
