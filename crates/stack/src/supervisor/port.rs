//! TCP ports that the supervisor holds from before the child listens until after it has ended.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpSocket;

use super::unix_user::UnixUser;

/// A port reserved for a child: bound by the supervisor, which never listens on it.
///
/// The kernel lets the child bind the same address (both set `SO_REUSEADDR`, and one of them does not listen) and does
/// not assign the port to any other program. So a port chosen by the kernel is still available when the child starts,
/// and while it is being replaced.
#[derive(Debug)]
pub(super) struct HeldPort {
    pub(super) address: SocketAddr,
    _socket: TcpSocket,
}

impl HeldPort {
    /// Reserves an address; port 0 takes any free one.
    pub(super) fn hold(address: SocketAddr) -> Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        };
        let socket = socket.context("cannot create a socket")?;
        socket
            .set_reuseaddr(true)
            .context("cannot set SO_REUSEADDR")?;
        match socket.bind(address) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
                "{address} is taken by another program; stop it, or give --listen with another \
                 port (port 0 takes any free one)"
            ),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                bail!("only root may listen on {address}; give --listen with a port above 1023")
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on {address}"));
            }
        }
        Ok(Self {
            address: socket
                .local_addr()
                .context("cannot read the address of the socket")?,
            _socket: socket,
        })
    }
}

/// Returns the address at which programs on this machine reach a listener: loopback for 0.0.0.0 and ::.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen {
        SocketAddr::V4(_) if listen.ip().is_unspecified() => [127, 0, 0, 1].into(),
        SocketAddr::V6(_) if listen.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => listen.ip(),
    };
    SocketAddr::new(ip, listen.port())
}

/// Refuses a privileged port for a child that is not root: nginx binds such a port before its workers drop their
/// privileges, an app process cannot.
pub(super) fn check_may_listen(address: SocketAddr, user: &UnixUser) -> Result<()> {
    const FIRST_FREE: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    let first_free = std::fs::read_to_string(FIRST_FREE);
    let first_free = first_free.ok().and_then(|port| port.trim().parse().ok());
    let first_free: u16 = first_free.unwrap_or(1024);
    // Port 0 takes any free port, and those are above.
    if user.to_become().is_some() && (1..first_free).contains(&address.port()) {
        bail!(
            "in this version an app process listens itself, as user {}, which may not bind {address}; give \
             --listen with a port from {first_free} on, or a --rung with nginx in front",
            user.name
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_can_listen_on_a_held_port_and_a_listening_one_is_refused() {
        let held = HeldPort::hold("127.0.0.1:0".parse().expect("an address")).expect("held");
        let child = std::net::TcpListener::bind(held.address).expect("the child may bind");
        let again = HeldPort::hold(held.address).expect_err("a program listens");
        assert!(
            again.to_string().contains("is taken by another program"),
            "{again}"
        );
        drop(child);
    }
}
