//! A memcached that lies by a script, and is honest otherwise.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A part of a reply. After the last part the liar is silent, and goes on reading.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    This(Vec<u8>),
    /// Closes the connection; as the only part, before the value to store is read.
    Bye,
    /// Waits until the client has given up, then answers.
    TooLate(Vec<u8>),
}

/// A line that the liar received, and its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) connection: usize,
    pub(crate) line: String,
    pub(crate) after_a_lie: bool,
}

/// Returns the lie that answers a line, or `None` for an honest reply.
type Script = Box<dyn Fn(&str) -> Option<Vec<Say>> + Send + Sync>;

pub(crate) struct Liar {
    pub(crate) address: SocketAddr,
    mind: Arc<Mutex<Mind>>,
    task: JoinHandle<()>,
}

struct Mind {
    script: Script,
    heard: Vec<Heard>,
    items: HashMap<String, Vec<u8>>,
}

impl Liar {
    pub(crate) async fn start(
        script: impl Fn(&str) -> Option<Vec<Say>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mind = Arc::new(Mutex::new(Mind {
            script: Box::new(script),
            heard: Vec::new(),
            items: HashMap::new(),
        }));
        let told = Arc::clone(&mind);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(speak(stream, connection, Arc::clone(&told)));
            }
        });
        Self {
            address,
            mind,
            task,
        }
    }

    /// Makes it honest from now on, with these items.
    pub(crate) fn reform(&self, items: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let mut mind = self.mind.lock().unwrap();
        mind.script = Box::new(|_| None);
        mind.items.extend(items);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.mind.lock().unwrap().heard.clone()
    }

    /// Returns whether a command arrived on a connection that had lied.
    pub(crate) fn was_trusted_again(&self) -> bool {
        self.heard().iter().any(|heard| heard.after_a_lie)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn speak(stream: TcpStream, connection: usize, mind: Arc<Mutex<Mind>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut after_a_lie = false;
    // The client may close the connection at any point.
    while stream.read_line(&mut line).await.is_ok_and(|len| len > 0) {
        let said = std::mem::take(&mut line).trim_end().to_owned();
        let lie = {
            let mut mind = mind.lock().unwrap();
            mind.heard.push(Heard {
                connection,
                line: said.clone(),
                after_a_lie,
            });
            (mind.script)(&said)
        };
        if matches!(lie.as_deref(), Some([Say::Bye])) {
            return;
        }
        let mut value = Vec::new();
        if let Some(len) = said
            .strip_prefix("ms ")
            .and_then(|rest| rest.split(' ').nth(1))
        {
            value.resize(len.parse::<usize>().unwrap() + "\r\n".len(), 0);
            if stream.read_exact(&mut value).await.is_err() {
                return;
            }
            value.truncate(value.len() - "\r\n".len());
        }
        after_a_lie |= lie.is_some();
        let answer =
            lie.unwrap_or_else(|| vec![Say::This(mind.lock().unwrap().honestly(&said, value))]);
        for part in answer {
            let did = match part {
                Say::This(bytes) => stream.write_all(&bytes).await,
                Say::Bye => return,
                Say::TooLate(bytes) => {
                    let _all = stream.read_to_end(&mut Vec::new()).await;
                    stream.write_all(&bytes).await
                }
            };
            if did.is_err() {
                return;
            }
        }
    }
}

impl Mind {
    /// The part of memcached that nginx and the writer use.
    fn honestly(&mut self, line: &str, value: Vec<u8>) -> Vec<u8> {
        let mut words = line.split(' ');
        let (verb, key) = (words.next().unwrap(), words.next().unwrap_or_default());
        let has_it = self.items.contains_key(key);
        let short = match verb {
            "get" if has_it => return told(key, &self.items[key]),
            "get" => "END",
            "mg" if has_it => "HD f0",
            "mg" => "EN",
            "ms" => {
                self.items.insert(key.to_owned(), value);
                "HD"
            }
            "md" if self.items.remove(key).is_some() => "HD",
            "md" => "NF",
            _ => "ERROR",
        };
        // The number of a command in a batch comes back with its reply.
        let number = words.find(|flag| flag.starts_with('O'));
        let number = number.map_or(String::new(), |number| format!(" {number}"));
        format!("{short}{number}\r\n").into_bytes()
    }
}

/// The reply to a `get`, as memcached sends it.
pub(crate) fn told(key: &str, value: &[u8]) -> Vec<u8> {
    let header = format!("VALUE {key} 0 {}\r\n", value.len());
    [header.as_bytes(), value, b"\r\nEND\r\n"].concat()
}
