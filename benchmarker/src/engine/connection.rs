//! One connection of a browser, and the request on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, bind, connect,
    recv, send, socket_with, sockopt,
};

use super::browser::What;
use super::poll::Poll;
use super::response::Reader;
use crate::target::Address;

/// One connection of a browser, open or not, with the request on it.
pub(super) struct Connection {
    /// The browser that it belongs to, by index in the worker.
    pub(super) browser: usize,
    socket: Option<Socket>,
    /// How many sockets it has had: events of an earlier one are ignored.
    pub(super) generation: u32,
    /// Whether the socket has carried a response: only then can its end mean that the server closed
    /// an idle connection.
    pub(super) served: bool,
    pub(super) request: Option<InFlight>,
    pub(super) reader: Reader,
    /// The end of the back-off after a failure.
    pub(super) backoff_until: Option<Instant>,
    pub(super) out: Vec<u8>,
    written: usize,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFlight {
    pub(super) what: What,
    /// When it was due: for the HTML of an open load, the planned instant of the page view. Waiting for
    /// a free browser, connecting and a retry count.
    pub(super) planned: Instant,
    /// When a connection took it.
    pub(super) since: Instant,
    /// Whether this is the retry.
    pub(super) is_retry: bool,
}

struct Socket {
    socket: OwnedFd,
    connected: bool,
}

impl Connection {
    pub(super) fn new(browser: usize) -> Self {
        Self {
            browser,
            socket: None,
            generation: 0,
            served: false,
            request: None,
            reader: Reader::new(),
            backoff_until: None,
            out: Vec::new(),
            written: 0,
        }
    }

    /// Begins to connect, from the address `from` where one is given.
    pub(super) fn open(
        &mut self,
        address: &Address,
        from: Option<Ipv4Addr>,
        poll: &Poll,
        number: usize,
    ) -> io::Result<()> {
        self.close();
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let family = match address {
            Address::Tcp(std::net::SocketAddr::V4(_)) => AddressFamily::INET,
            Address::Tcp(std::net::SocketAddr::V6(_)) => AddressFamily::INET6,
            Address::Unix(_) => AddressFamily::UNIX,
        };
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        let begun = match address {
            Address::Tcp(address) => {
                sockopt::set_tcp_nodelay(&socket, true)?;
                if let Some(from) = from {
                    bind(&socket, &SocketAddrV4::new(from, 0))?;
                }
                connect(&socket, address)
            }
            Address::Unix(path) => connect(&socket, &SocketAddrUnix::new(path.as_path())?),
        };
        let connected = match begun {
            Ok(()) => true,
            Err(Errno::INPROGRESS) => false,
            Err(error) => return Err(error.into()),
        };
        self.generation = self.generation.wrapping_add(1);
        poll.add(&socket, number, self.generation)?;
        self.socket = Some(Socket { socket, connected });
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.socket = None; // closing removes it from the event queue
        self.served = false;
        self.written = 0;
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.connected)
    }

    /// The empty buffer for the request that `flush` sends.
    pub(super) fn prepare(&mut self) -> &mut Vec<u8> {
        self.out.clear();
        self.written = 0;
        &mut self.out
    }

    /// Reads the result of connecting, once the socket is writable.
    pub(super) fn finish_connecting(&mut self) -> io::Result<()> {
        if let Some(Socket { socket, connected }) = &mut self.socket {
            sockopt::socket_error(&*socket)??;
            *connected = true;
        }
        Ok(())
    }

    /// Writes as much as the socket takes; the rest follows when it is writable again.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(Socket {
            socket,
            connected: true,
        }) = &self.socket
        else {
            return Ok(());
        };
        while self.written < self.out.len() {
            match send(socket, &self.out[self.written..], SendFlags::NOSIGNAL) {
                Ok(count) => self.written += count,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.written == self.out.len()
    }

    /// Reads once; returns `WouldBlock` also without a socket.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.socket {
            Some(Socket {
                socket,
                connected: true,
            }) => Ok(recv(socket, buffer, RecvFlags::empty())?.1),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
