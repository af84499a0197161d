//! Checks that a version answers like the first before it is measured: a fast wrong page is worth nothing.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use super::http;
use super::workload::Lists;

/// How many photostreams are compared.
const PEOPLE: usize = 4;

/// Marks the line with the version that answered: the only line that may differ.
const COST_LINE: &str = "<footer class=\"cost\"";

/// The responses of the first version by address.
#[derive(Debug)]
pub(super) struct Expected(Vec<(String, Seen)>);

/// The compared parts of a response.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    body: Vec<u8>,
}

impl Expected {
    /// Stores the responses of this version.
    pub(super) fn of(site: SocketAddr, lists: &Lists) -> Result<Self> {
        let pages = ["/", "/people", "/login"].map(str::to_owned);
        // A person that does not exist, a page that does not exist, a photo whose id is no number.
        let errors = ["/people/no-such-person", "/no-such-page"].map(str::to_owned);
        let odd = format!("{}/zero", lists.people[0]);
        let people = lists.people.iter().take(PEOPLE).cloned();
        let popular = lists.popular.iter().take(1).cloned();
        let addresses = pages
            .into_iter()
            .chain(people)
            .chain(popular)
            .chain(lists.files.clone())
            .chain(errors)
            .chain([odd]);
        let seen = addresses.map(|path| Ok((path.clone(), see(site, &path)?)));
        Ok(Self(seen.collect::<Result<_>>()?))
    }

    /// Compares another version with the first; the first difference is an error, which ends the talk.
    pub(super) fn check(&self, site: SocketAddr, version: &str) -> Result<()> {
        for (path, expected) in &self.0 {
            let seen = see(site, path)?;
            ensure!(
                seen.status == expected.status,
                "version {version} answers {path} with {}, the first with {}",
                seen.status,
                expected.status
            );
            ensure!(
                seen.body == expected.body,
                "version {version} answers {path} with other bytes than the first ({} and {})",
                seen.body.len(),
                expected.body.len()
            );
        }
        Ok(())
    }

    /// How many addresses are compared.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn see(site: SocketAddr, path: &str) -> Result<Seen> {
    let answer = http::get(site, path)?;
    Ok(Seen {
        status: answer.status,
        body: without_cost_line(answer.body),
    })
}

fn without_cost_line(body: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&body) {
        Ok(text) if text.contains(COST_LINE) => text
            .split_inclusive('\n')
            .filter(|line| !line.trim_start().starts_with(COST_LINE))
            .collect::<String>()
            .into_bytes(),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_cost_may_differ() {
        let page = |version: &str| {
            let page =
                format!("<p>a</p>\n<footer class=\"cost\" data-version=\"{version}\">\n</body>\n");
            without_cost_line(page.into_bytes())
        };
        assert_eq!(page("0.1"), page("0.4"));
        assert_eq!(page("0.1"), b"<p>a</p>\n</body>\n");
        assert_eq!(without_cost_line(vec![255, 0]), [255, 0]);
    }
}
