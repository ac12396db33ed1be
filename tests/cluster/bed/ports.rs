//! Ports of the loopback device that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

/// As many free ports as are asked for, each another.
pub(crate) fn free<const N: usize>() -> [u16; N] {
    // All are held until the last is found, or one would be found twice.
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    held.map(|listener| listener.local_addr().expect("its address").port())
}
