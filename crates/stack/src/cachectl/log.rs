//! One line for each request.

use super::format::{escaped, grouped, latency};
use super::request::{Outcome, Request};

/// The header line.
pub const HEAD: &str = "time (UTC)    answer status      bytes      took address";

/// Formats a request as a line; its URL is not shortened, so that it can be searched for.
pub fn line(request: &Request) -> String {
    let took = request.took.map_or("-".to_owned(), latency);
    let method = match request.method.as_str() {
        "GET" => String::new(),
        other => format!("{} ", escaped(other)),
    };
    let chain = match request.outcome {
        Outcome::Failed => format!("  ({})", request.chain),
        _ => String::new(),
    };
    format!(
        "{} {:<6} {:>6} {:>10} {took:>9} {method}{}{chain}\n",
        clock(request.ended_ms),
        request.outcome.name(),
        request.status,
        grouped(request.bytes),
        escaped(&request.target),
    )
}

fn clock(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000 % 86_400, ms % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{ms:03}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_says_when_who_what_and_how_fast() {
        let mut request = Request {
            ended_ms: 1_795_517_991_984,
            took: Some(Duration::from_micros(184)),
            outcome: Outcome::Hit,
            method: "GET".to_owned(),
            status: 200,
            bytes: 18_204,
            chain: "200".to_owned(),
            target: "/i/a.webp".to_owned(),
        };
        assert_eq!(
            line(&request),
            "10:59:51.984 hit       200     18,204    184 us /i/a.webp\n"
        );
        request.method = "HEAD".to_owned();
        request.outcome = Outcome::Failed;
        request.chain = "504 : 200".to_owned();
        assert!(line(&request).ends_with(" HEAD /i/a.webp  (504 : 200)\n"));
    }
}
