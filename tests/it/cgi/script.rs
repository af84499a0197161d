//! A script started for one request, and what it wrote.

use std::io::{PipeWriter, Write as _};
use std::process::{Command, Output, Stdio};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::town::Town;

/// A script that is asked for one thing.
pub(super) struct Script(pub(super) Command);

/// What a script that answered wrote.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Script {
    /// A script of this town's site, started as fcgiwrap starts one: no arguments, and no more
    /// variables than it is given.
    pub(super) fn of(town: &Town, method: &str, uri: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flickr-killr"));
        command
            .env_clear()
            .env("DATABASE_URL", town.database.url())
            .env(
                "FLICKR_KILLR_ORIGINALS",
                town.folder.path().join("originals"),
            )
            .env(
                "FLICKR_KILLR_DERIVATIVES",
                town.folder.path().join("derivatives"),
            )
            .env("FLICKR_KILLR_LAB", "true")
            .env(
                "FLICKR_KILLR_DEMO_LOGINS",
                town.folder.path().join("demo-password"),
            )
            .env("GATEWAY_INTERFACE", "CGI/1.1")
            .env("SERVER_PROTOCOL", "HTTP/1.1")
            .env("REMOTE_ADDR", "203.0.113.9")
            .env("HTTP_HOST", "photos.example")
            .env("REQUEST_METHOD", method)
            .env("REQUEST_URI", uri);
        Self(command)
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    /// As a page of the site sends a form.
    pub(super) fn form(self, body: &[u8]) -> Self {
        self.with("CONTENT_TYPE", "application/x-www-form-urlencoded")
            .with("CONTENT_LENGTH", &body.len().to_string())
            .with("HTTP_SEC_FETCH_SITE", "same-origin")
    }

    pub(super) fn output(mut self, stdin: impl Into<Stdio>) -> Output {
        self.0.stdin(stdin).output().expect("the program starts")
    }

    /// Hands the body over as a server does, and closes the pipe behind it.
    pub(super) fn output_after(self, body: &[u8]) -> Output {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let feeding = feed(writer, body.to_vec());
        let output = self.output(reader);
        // A script that does not read is one that its server cannot finish with.
        assert!(feeding.join().expect("no panic"), "the body was not taken");
        output
    }

    #[track_caller]
    pub(super) fn says(self) -> Said {
        Said::of(&self.output(Stdio::null()))
    }

    #[track_caller]
    pub(super) fn says_after(self, body: &[u8]) -> Said {
        Said::of(&self.output_after(body))
    }
}

/// Writes a body into a pipe; says whether all of it was taken.
fn feed(mut pipe: PipeWriter, body: Vec<u8>) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || pipe.write_all(&body).is_ok())
}

impl Said {
    #[track_caller]
    pub(super) fn of(output: &Output) -> Self {
        assert!(output.status.success(), "{output:?}");
        let end = output
            .stdout
            .windows(2)
            .position(|two| two == b"\n\n")
            .unwrap_or_else(|| panic!("no end of the head: {output:?}"));
        let head = std::str::from_utf8(&output.stdout[..end]).expect("a readable head");
        let mut lines = head
            .lines()
            .map(|line| line.split_once(": ").expect("a field"));
        let (name, status) = lines.next().expect("a first line");
        assert_eq!(name, "Status");
        Self {
            status: status[..3].parse().expect("a status"),
            headers: lines
                .map(|(name, value)| {
                    (
                        HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                        HeaderValue::from_str(value).expect("a value"),
                    )
                })
                .collect(),
            body: output.stdout[end + 2..].to_vec(),
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The session that an answer begins.
    #[track_caller]
    pub(super) fn session(&self) -> String {
        let cookie = self.header("set-cookie");
        let (session, _) = cookie
            .split_once(';')
            .unwrap_or_else(|| panic!("no session: {}", self.text()));
        session.to_owned()
    }
}
