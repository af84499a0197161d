//! Requests, before a run, the pages that a scenario needs.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::target::{self, Address};
use crate::{Error, Plan};

/// The status of a missing page.
const NOT_FOUND: u16 = 404;

/// Returns an error if the site misses a page that the scenario needs.
pub(crate) fn check(plan: &Plan, address: &Address) -> Result<(), Error> {
    let Some(scenario) = &plan.scenario else {
        return Ok(());
    };
    for need in scenario.needs() {
        let status = status_of(plan, address, &need.path).map_err(|cause| Error::System {
            doing: "requesting a page that the scenario needs",
            cause,
        })?;
        if status == NOT_FOUND {
            return Err(Error::invalid(format!(
                "the scenario {} needs GET {} ({}); the site answers {status}: it has no such page",
                scenario.name(),
                need.path,
                need.why
            )));
        }
    }
    Ok(())
}

fn status_of(plan: &Plan, address: &Address, path: &str) -> io::Result<u16> {
    let host = target::host_header(&plan.pages.origin);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: benchmarker\r\nConnection: close\r\n\r\n"
    );
    let mut line = String::new();
    match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, plan.timeout)?;
            stream.set_read_timeout(Some(plan.timeout))?;
            (&stream).write_all(request.as_bytes())?;
            BufReader::new(stream).read_line(&mut line)?;
        }
        Address::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(plan.timeout))?;
            (&stream).write_all(request.as_bytes())?;
            BufReader::new(stream).read_line(&mut line)?;
        }
    }
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other(format!("expected a status line, got {line:?}")))
}
