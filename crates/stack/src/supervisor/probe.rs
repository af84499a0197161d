//! Readiness and health probes: a child is up when it answers, not when its file exists.

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use db::ConnectOptions;
use nix::fcntl::OFlag;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::unix_user::UnixUser;

/// How long a child may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a page may take while the site warms up: the first request opens connections.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// The line of PostgreSQL's pid file that holds the server's status.
const PID_FILE_STAGE: usize = 7;

/// A management record (request 0, empty) of an unknown type: `FastCGI` 1.0, 4.2, requires every application to answer
/// it. The usual probe, asking for values (4.1), does not work: fcgiwrap's library waits for more data.
const FCGI_UNHEARD_OF: &[u8; 8] = b"\x01\xff\0\0\0\0\0\0";

/// The record type of that answer.
const FCGI_UNKNOWN_TYPE: u8 = 11;

/// How many bytes of the pid file are read: its lines are a path and some numbers.
const PID_FILE_BYTES_MAX: u64 = 16 << 10;

/// A request that only a working child answers.
#[derive(Debug, Clone)]
pub(super) enum Probe {
    /// PostgreSQL runs a query. Sent only when its pid file reports it ready; connecting to a server in recovery fills
    /// its log with refusals.
    Query {
        server: Box<ConnectOptions>,
        pid_file: PathBuf,
        user: UnixUser,
    },
    /// PostgreSQL's postmaster accepts a connection and answers its first packet.
    Postmaster(PathBuf),
    /// memcached returns its version, and its pid is that of the child.
    Memcached(SocketAddr),
    /// An app process returns success for its health check, over its unix socket.
    Healthz(PathBuf),
    /// An idle fcgiwrap process answers without starting a program.
    FastCgi(PathBuf),
    /// A page is served.
    Page(SocketAddr, &'static str),
    /// Any HTTP response counts.
    AnyHttp(SocketAddr),
}

/// Reads the beginning of PostgreSQL's pid file, without blocking if it is a pipe.
pub(super) fn head(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut file = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?
        .take(PID_FILE_BYTES_MAX);
    let mut head = Vec::new();
    file.read_to_end(&mut head)?;
    Ok(head)
}

impl Probe {
    /// Probes once. The error describes the failed answer.
    pub(super) async fn ask(&self, pid: i32) -> Result<(), String> {
        let limit = match self {
            Self::Page(..) => PAGE_TIMEOUT,
            _ => ANSWER_TIMEOUT,
        };
        match timeout(limit, self.ask_unbounded(pid)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(_) => Err(format!("no answer within {limit:?}")),
        }
    }

    /// The unix socket that the probe uses.
    pub(super) fn socket(&self) -> Option<&Path> {
        match self {
            Self::Postmaster(socket) | Self::Healthz(socket) | Self::FastCgi(socket) => {
                Some(socket)
            }
            Self::Query { .. } | Self::Memcached(_) | Self::Page(..) | Self::AnyHttp(_) => None,
        }
    }

    async fn ask_unbounded(&self, pid: i32) -> anyhow::Result<()> {
        match self {
            Self::Query {
                server,
                pid_file,
                user,
            } => {
                let says = user.with_privileges(|| head(pid_file))?;
                // Not all of it is text: one of its lines is the path of the cluster.
                let says = String::from_utf8_lossy(&says);
                let stage = says.lines().nth(PID_FILE_STAGE).unwrap_or_default();
                anyhow::ensure!(stage.trim() == "ready", "it is {stage:?}");
                db::ping(server).await?;
            }
            Self::Postmaster(socket) => {
                // The TLS request packet: any postmaster answers it with yes or no, before authentication.
                let mut stream = UnixStream::connect(socket).await?;
                stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
                anyhow::ensure!(
                    [b'N', b'S'].contains(&stream.read_u8().await?),
                    "unexpected answer to the TLS request"
                );
            }
            Self::Memcached(address) => {
                let stream = TcpStream::connect(address).await?;
                let answer = exchange(stream, "version\r\nstats\r\nquit\r\n", "END\r\n").await?;
                anyhow::ensure!(answer.starts_with("VERSION "), "it answers {answer:?}");
                let ours = answer.contains(&format!("STAT pid {pid}\r\n"));
                anyhow::ensure!(ours, "another memcached answers at {address}");
            }
            Self::Healthz(socket) => {
                let stream = UnixStream::connect(socket).await?;
                ok(&exchange(stream, &get("/healthz", "localhost"), "\r\n").await?)?;
            }
            Self::FastCgi(socket) => {
                let mut stream = UnixStream::connect(socket).await?;
                stream.write_all(FCGI_UNHEARD_OF).await?;
                let mut header = [0; 8];
                stream.read_exact(&mut header).await?;
                let [version, kind, ..] = header;
                anyhow::ensure!(
                    (version, kind) == (1, FCGI_UNKNOWN_TYPE),
                    "it answers {header:?}"
                );
            }
            Self::Page(address, path) => {
                let stream = TcpStream::connect(address).await?;
                ok(&exchange(stream, &get(path, &address.to_string()), "\r\n").await?)?;
            }
            Self::AnyHttp(address) => {
                let stream = TcpStream::connect(address).await?;
                let question = get("/healthz", &address.to_string());
                let answer = exchange(stream, &question, "\r\n").await?;
                anyhow::ensure!(answer.starts_with("HTTP/1."), "it answers {answer:?}");
            }
        }
        Ok(())
    }
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

fn ok(answer: &str) -> anyhow::Result<()> {
    let line = answer.lines().next().unwrap_or_default();
    anyhow::ensure!(line.starts_with("HTTP/1.1 200"), "it answers {line:?}");
    Ok(())
}

/// Sends a request and reads until `end` has come, the connection ends, or 16 KiB have arrived.
async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    question: &str,
    end: &str,
) -> anyhow::Result<String> {
    const ANSWER_BYTES_MAX: usize = 16 << 10;
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::with_capacity(4 << 10);
    while answer.len() < ANSWER_BYTES_MAX && stream.read_buf(&mut answer).await? > 0 {
        if String::from_utf8_lossy(&answer).contains(end) {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
