//! `[server]`: where the bot listens and where it keeps its files.

use super::problem::Refusal;
use super::section::Section;
use super::tree::Node;
use super::values;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use url::Url;

/// Default of `listen`: this machine only, until somebody decides otherwise.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);
/// Default of `data_dir`.
pub const DATA_DIR: &str = "data";

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address and port of the HTTP server; port 0 takes any free one. Default `127.0.0.1:8787`.
    pub listen: SocketAddr,
    /// Under which address people reach it, without a slash at the end; for links. Default: none.
    pub public_url: Option<String>,
    /// Folder of the API token file, scratch space and compile cache; relative to the file's folder. Default `data`.
    pub data_dir: PathBuf,
}

impl Server {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let cx = section.cx;
        let listen = section.read("listen", listen).unwrap_or(LISTEN);
        let public_url = section.read("public_url", public_url);
        let data_dir = section.read("data_dir", |node| Ok(cx.resolve(values::text(node)?)));
        section.finish();
        Self { listen, public_url, data_dir: data_dir.unwrap_or_else(|| cx.resolve(DATA_DIR)) }
    }
}

fn listen(node: &Node) -> Result<SocketAddr, Refusal> {
    let expected = || Refusal::expected("an IP address and a port, such as \"127.0.0.1:8787\"");
    let text = values::text(node).map_err(|_| expected())?;
    text.parse().map_err(|_| {
        let fix = match text.rsplit_once(':') {
            Some(("localhost", port)) => Some(format!("write \"127.0.0.1:{port}\"")),
            Some(("" | "*", port)) => Some(format!("for all interfaces write \"0.0.0.0:{port}\"")),
            _ if text.parse::<IpAddr>().is_ok() => Some("add a port, such as :8787".to_owned()),
            _ => None,
        };
        expected().maybe_fix(fix)
    })
}

fn public_url(node: &Node) -> Result<String, Refusal> {
    let expected = || Refusal::expected("an address such as \"https://drillbell.example.org\"");
    let text = values::text(node)?;
    let url = Url::parse(text).map_err(|_| expected().fix("begin with https:// or http://"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(expected().fix("begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(expected().fix("leave out user, password, `?…` and `#…`: it is shown to people"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
