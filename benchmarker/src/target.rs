//! Finds the address of the target, and refuses other machines.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use url::Url;

use crate::{Error, Plan};

/// The address that the connections of a run go to.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Finds the address that accepts connections. Refuses other machines before it connects to them.
pub(crate) fn find(plan: &Plan) -> Result<Address, Error> {
    let origin = &plan.pages.origin;
    if let Some(path) = &plan.unix {
        UnixStream::connect(path).map_err(|cause| Error::NothingAnswers {
            at: path.display().to_string(),
            cause,
        })?;
        return Ok(Address::Unix(path.clone()));
    }
    let at = host_header(origin);
    let nothing = |cause| Error::NothingAnswers {
        at: at.clone(),
        cause,
    };
    let addresses = origin_addresses(origin).map_err(nothing)?;
    let elsewhere = addresses
        .iter()
        .any(|a| !a.ip().to_canonical().is_loopback());
    if elsewhere && !plan.own_host {
        return Err(Error::NotLoopback(at));
    }
    let mut cause = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, plan.timeout) {
            Ok(_) => return Ok(Address::Tcp(address)),
            Err(e) => cause = e,
        }
    }
    Err(nothing(cause))
}

/// The value of the `Host` header: with the port unless it is 80.
pub(crate) fn host_header(origin: &Url) -> String {
    let host = origin.host_str().unwrap_or_default();
    origin
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn origin_addresses(origin: &Url) -> io::Result<Vec<SocketAddr>> {
    let port = origin.port_or_known_default().unwrap_or(80);
    let host = origin.host_str().unwrap_or_default();
    // The resolver expects an IPv6 address without the brackets of the URL.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok((bare, port).to_socket_addrs()?.collect())
}
