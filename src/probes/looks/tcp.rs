//! Whether somebody takes a connection.

use super::{Finding, Said};
use crate::config::probes::Address;
use tokio::net::TcpStream;

pub(super) async fn look(address: &Address) -> Finding {
    let Some((host, port)) = address.host_and_port() else { return Finding::unknown("its address has no port") };
    match TcpStream::connect((host.as_str(), port)).await {
        Ok(_) => Finding::new(Said::Pass, "connected"),
        Err(error) => Finding::unreached(format!("{host}:{port} cannot be reached: {error}")),
    }
}
