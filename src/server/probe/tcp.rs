//! A connection that is accepted. Nothing is said on it.

use tokio::net::TcpStream;

use super::window::{Told, Wrong};
use crate::schedule::spec::probe::TcpSpec;

pub(super) async fn ask(spec: &TcpSpec) -> Told {
    match TcpStream::connect((spec.host.as_str(), spec.port)).await {
        Ok(_) => Ok("accepted".to_owned()),
        Err(error) => Err(Wrong::Failed(error.to_string())),
    }
}
