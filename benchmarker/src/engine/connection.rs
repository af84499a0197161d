use std::io::{self, Read, Write};
use std::time::Instant;

use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};

use super::browser::What;
use super::response::Reader;
use crate::target::Address;

/// One connection of a browser, open or not, with the request it carries.
pub(super) struct Connection {
    /// Which browser of the worker it belongs to.
    pub(super) browser: usize,
    socket: Option<Socket>,
    /// Whether the socket has carried a response: only then may its end mean
    /// that the server had closed an idle connection.
    pub(super) served: bool,
    pub(super) request: Option<Request>,
    pub(super) reader: Reader,
    /// After a failure: when it may be used again.
    pub(super) parked_until: Option<Instant>,
    out: Vec<u8>,
    written: usize,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) what: What,
    /// When it should have been sent: connecting and a second try count.
    pub(super) since: Instant,
    /// Whether this is the second try.
    pub(super) again: bool,
}

struct Socket {
    stream: Stream,
    connected: bool,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Connection {
    pub(super) fn new(browser: usize) -> Self {
        Self {
            browser,
            socket: None,
            served: false,
            request: None,
            reader: Reader::new(),
            parked_until: None,
            out: Vec::new(),
            written: 0,
        }
    }

    /// Begins to connect. The socket is registered once, edge-triggered, for
    /// both directions: from here on no request costs a call to change that.
    pub(super) fn open(
        &mut self,
        address: &Address,
        registry: &Registry,
        token: Token,
    ) -> io::Result<()> {
        self.close();
        let both = Interest::READABLE | Interest::WRITABLE;
        let socket = match address {
            Address::Tcp(address) => {
                let mut stream = TcpStream::connect(*address)?;
                stream.set_nodelay(true)?;
                registry.register(&mut stream, token, both)?;
                Socket {
                    stream: Stream::Tcp(stream),
                    connected: false,
                }
            }
            Address::Unix(path) => {
                let mut stream = UnixStream::connect(path)?;
                registry.register(&mut stream, token, both)?;
                Socket {
                    stream: Stream::Unix(stream),
                    connected: true,
                }
            }
        };
        self.socket = Some(socket);
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.socket = None; // closing takes it out of the event queue
        self.served = false;
        self.written = 0;
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.connected)
    }

    /// Puts the bytes of a request together; `flush` sends them.
    pub(super) fn prepare(&mut self, path: &str, tail: &[u8]) {
        self.out.clear();
        self.out.extend_from_slice(b"GET ");
        self.out.extend_from_slice(path.as_bytes());
        self.out.extend_from_slice(tail);
        self.written = 0;
    }

    /// Learns whether a connection came about.
    pub(super) fn confirm(&mut self) -> io::Result<()> {
        let Some(Socket {
            stream: Stream::Tcp(stream),
            connected,
        }) = &mut self.socket
        else {
            return Ok(());
        };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => *connected = true,
            Err(e) if e.kind() == io::ErrorKind::NotConnected => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Writes what the socket takes; the event queue says when to come again.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(Socket {
            stream,
            connected: true,
        }) = &mut self.socket
        else {
            return Ok(());
        };
        while self.written < self.out.len() {
            let bytes = &self.out[self.written..];
            let wrote = match stream {
                Stream::Tcp(stream) => stream.write(bytes),
                Stream::Unix(stream) => stream.write(bytes),
            };
            match wrote {
                Ok(count) => self.written += count,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.written == self.out.len()
    }

    /// Reads once; `WouldBlock` when there is no socket either.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.socket {
            Some(Socket {
                stream: Stream::Tcp(stream),
                connected: true,
            }) => stream.read(buffer),
            Some(Socket {
                stream: Stream::Unix(stream),
                connected: true,
            }) => stream.read(buffer),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
