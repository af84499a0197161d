//! Refuses a plan that cannot be carried out, with a sentence that names what to change.

use std::time::Duration;

use super::order::Order;
use super::{PER_BROWSER_MAX, Plan};
use crate::Error;
use crate::load::{Load, Think};

/// How long a run may last, because a forgotten generator is an attack.
const DURATION_MAX: Duration = Duration::from_secs(3600);
/// How many connections a run may hold.
const CONNECTIONS_MAX: usize = 10_000;
/// How many threads a run may start.
const THREADS_MAX: usize = 256;

impl Plan {
    pub(crate) fn check(&self) -> Result<(), Error> {
        within("threads", self.threads, THREADS_MAX)?;
        within("connections", self.connections, CONNECTIONS_MAX)?;
        within("connections a browser", self.per_browser, PER_BROWSER_MAX)?;
        if self.threads > self.connections {
            return Err(Error::invalid(format!(
                "{} threads cannot share {} connections: give each thread at least one",
                self.threads, self.connections
            )));
        }
        if self.duration.is_zero() || self.warmup.saturating_add(self.duration) > DURATION_MAX {
            return Err(Error::invalid(
                "a run lasts more than 0 s and at most one hour, warm-up included",
            ));
        }
        if self.once && self.is_open() {
            return Err(Error::invalid(
                "each page once excludes a rate: choose one of the two",
            ));
        }
        if self.once && matches!(self.order, Order::Random | Order::Zipf) {
            return Err(Error::invalid(
                "each page once excludes drawn pages: use the order shuffle or file",
            ));
        }
        self.check_load()?;
        if self.timeout.is_zero() {
            return Err(Error::invalid("a timeout of 0 fails every request"));
        }
        if !(100..=20_000).contains(&self.viewport_px) {
            return Err(Error::invalid("a window is 100 to 20000 px wide"));
        }
        self.headers
            .iter()
            .try_for_each(|(name, value)| check_header(name, value))
    }

    fn check_load(&self) -> Result<(), Error> {
        let Load::Closed { think, users } = &self.load else {
            return Ok(());
        };
        if let Some(users) = users {
            let (wanted, browsers) = (users.most(), self.browsers());
            if wanted < 1.0 || wanted.ceil() as usize > browsers {
                return Err(Error::invalid(format!(
                    "{wanted} users need as many browsers, and {} connections make {browsers}",
                    self.connections
                )));
            }
        }
        let (Think::Fixed(think) | Think::Exponential(think)) = think;
        if *think > DURATION_MAX {
            return Err(Error::invalid("a think time is at most one hour"));
        }
        Ok(())
    }
}

fn within(what: &str, value: usize, max: usize) -> Result<(), Error> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    let hint = match what {
        "connections" => " (a browser has six, or as many as --per-browser sets)",
        _ => "",
    };
    Err(Error::invalid(format!(
        "{what} must be 1 to {max}, not {value}{hint}"
    )))
}

fn check_header(name: &str, value: &str) -> Result<(), Error> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty()
        || !name.bytes().all(token)
        || value.bytes().any(|b| b.is_ascii_control() && b != b'\t')
    {
        return Err(Error::invalid(format!(
            "{name:?}: {value:?} is not a header line such as 'Cookie: a=b'"
        )));
    }
    // A second framing or host header would change the request that is measured.
    let ours = [
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
    ];
    if ours.iter().any(|o| name.eq_ignore_ascii_case(o)) {
        return Err(Error::invalid(format!(
            "the generator sets the header {name} itself: leave it out"
        )));
    }
    Ok(())
}
