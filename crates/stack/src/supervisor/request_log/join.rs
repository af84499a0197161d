//! Joins the two lines that nginx sends for a request, its beginning and its end, and computes the time between them.
//!
//! The beginning is a line of the error log (`*CONNECTION "^watched$" does not match ...`), the end one of the access
//! log, in the format `watch` of shared/http.conf. On one connection they alternate.

use std::collections::HashMap;

use nix::sys::time::{TimeSpec, TimeValLike as _};

/// The offset of the tag in a syslog line: after `<190>Nov 24 10:59:51 `.
const TAG_AT: usize = 21;

/// The text that marks the line for the beginning of a request.
const BEGINS: &str = " \"^watched$\" does not match ";

/// How many connections are remembered. If there are more, some times and losses stay unknown.
const CONNECTIONS_MAX: usize = 64 << 10;

/// The state of open connections.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    begun: HashMap<u64, TimeSpec>,
    /// The number of the last request on each connection: a gap counts as lost.
    serials: HashMap<u64, u64>,
}

impl Joiner {
    /// Takes a line of nginx. Returns true if it ended a request, and then appends a line for the watchers: the time
    /// in microseconds, or `-`, then the fields of the format, separated by tabs.
    pub(super) fn take(&mut self, line: &[u8], sent: TimeSpec, text: &mut Vec<u8>) -> bool {
        let line = String::from_utf8_lossy(line);
        let tagged = line.get(TAG_AT..).unwrap_or_default();
        if let Some(rest) = tagged.strip_prefix("begin: ") {
            if let Some(connection) = begin_of(rest) {
                forget_too_many(&mut self.begun);
                self.begun.insert(connection, sent);
            }
            return false;
        }
        let Some((connection, serial, fields)) = tagged.strip_prefix("end: ").and_then(end_of)
        else {
            return false;
        };
        let took = self.begun.remove(&connection).map(|begun| sent - begun);
        forget_too_many(&mut self.serials);
        let before = self.serials.insert(connection, serial);
        if let Some(lost) = before.and_then(|before| serial.checked_sub(before + 1))
            && lost > 0
        {
            write_lost(lost, text);
        }
        match took {
            Some(took) => text.extend_from_slice(took.num_microseconds().to_string().as_bytes()),
            None => text.push(b'-'),
        }
        text.push(b'\t');
        // nginx has escaped control characters; this also protects a terminal if the configuration was changed.
        text.extend(fields.bytes().map(|byte| match byte {
            b'\t' | b' '..=b'~' => byte,
            _ => b'?',
        }));
        text.push(b'\n');
        true
    }
}

/// Appends the number of requests that a watcher missed.
pub(super) fn write_lost(lost: u64, text: &mut Vec<u8>) {
    text.extend_from_slice(format!("lost\t{lost}\n").as_bytes());
}

fn begin_of(rest: &str) -> Option<u64> {
    let (_, rest) = rest.split_once(": *")?;
    let (connection, rest) = rest.split_at(rest.find(' ')?);
    rest.starts_with(BEGINS).then(|| connection.parse().ok())?
}

/// Returns the connection, the number of the request on it, and the whole line.
fn end_of(fields: &str) -> Option<(u64, u64, &str)> {
    let mut words = fields.split('\t').skip(1);
    let connection = words.next()?.parse().ok()?;
    let serial = words.next()?.parse().ok()?;
    Some((connection, serial, fields))
}

fn forget_too_many<T>(known: &mut HashMap<u64, T>) {
    if known.len() >= CONNECTIONS_MAX {
        known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(connection: u64) -> String {
        format!(
            "<189>Nov 24 10:59:51 begin: 2026/11/24 10:59:51 [notice] 7#7: *{connection} \"^watched$\" does not match \"/i/a.webp\", client: 127.0.0.1"
        )
    }

    fn end(connection: u64, serial: u64) -> String {
        format!(
            "<190>Nov 24 10:59:51 end: 1.5\t{connection}\t{serial}\tGET\t200\t9\t-\t-\t/i/a.webp"
        )
    }

    fn told(lines: &[(String, i64)]) -> String {
        let (mut joiner, mut text) = (Joiner::default(), vec![]);
        for (line, us) in lines {
            joiner.take(line.as_bytes(), TimeSpec::microseconds(*us), &mut text);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_time_of_a_request_is_from_its_first_line_to_its_last() {
        let told = told(&[
            (begin(5), 100),
            (begin(6), 110),
            (end(5, 1), 284),
            (end(6, 1), 200),
        ]);
        assert_eq!(
            told,
            "184\t1.5\t5\t1\tGET\t200\t9\t-\t-\t/i/a.webp\n90\t1.5\t6\t1\tGET\t200\t9\t-\t-\t/i/a.webp\n"
        );
    }

    #[test]
    fn what_was_lost_is_counted_by_the_gaps_on_a_connection() {
        let told = told(&[
            (end(5, 8), 1),
            (end(5, 9), 2),
            (end(5, 12), 3),
            (end(6, 7), 4),
        ]);
        assert_eq!(told.matches("lost\t2\n").count(), 1, "{told}");
        assert_eq!(told.matches("lost").count(), 1, "{told}");
        assert!(told.starts_with("-\t1.5\t5\t8\t"), "{told}");
    }

    #[test]
    fn other_complaints_of_nginx_begin_nothing() {
        let told = told(&[
            (begin(5).replace("\"^watched$\" does", "it does"), 100),
            (end(5, 1), 284),
            ("<190>Nov".to_owned(), 300),
            (end(5, 2).replace("a.webp", "\u{1b}[2J"), 400),
        ]);
        assert_eq!(
            told.lines().filter(|line| line.starts_with("-\t")).count(),
            2
        );
        assert!(told.ends_with("/i/?[2J\n"), "{told}");
    }
}
