//! How numbers, dates and names read in a sentence; called by templates.

use domain::Month;
use time::OffsetDateTime;
use time::macros::format_description;

/// What can be counted; by reference as well, since templates hand out references.
pub(super) trait Countable {
    /// The count.
    fn get(&self) -> i64;
}

impl Countable for i64 {
    fn get(&self) -> i64 {
        *self
    }
}

impl Countable for i32 {
    fn get(&self) -> i64 {
        i64::from(*self)
    }
}

impl<N: Countable> Countable for &N {
    fn get(&self) -> i64 {
        (**self).get()
    }
}

/// A number with thousands set apart: `50,123`.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a count or a reference to one, whichever a template has"
)]
pub(super) fn number(n: impl Countable) -> String {
    let n = n.get();
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        text.push('-');
    }
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted: `1 photo`, `2,000 photos`.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a count or a reference to one, whichever a template has"
)]
pub(super) fn count(n: impl Countable, one: &str, many: &str) -> String {
    let n = n.get();
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A day: `14 March 2019`.
pub(super) fn day(at: &OffsetDateTime) -> String {
    at.format(format_description!(
        "[day padding:none] [month repr:long] [year]"
    ))
    .unwrap_or_default()
}

/// A day for machines, as `<time datetime>` wants it.
pub(super) fn day_iso(at: &OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day]"))
        .unwrap_or_default()
}

/// A month of the archive: `March 2019`.
pub(super) fn month(month: Month) -> String {
    format!("{} {}", month.name(), month.year())
}

/// A number of bytes as a person says it: `31 MB`.
pub(super) fn bytes(n: i64) -> String {
    let n = n as f64;
    match n {
        n if n >= 1e9 => format!("{:.1} GB", n / 1e9),
        n if n >= 1e6 => format!("{:.0} MB", n / 1e6),
        n if n >= 1e3 => format!("{:.0} kB", n / 1e3),
        _ => format!("{n} bytes"),
    }
}

/// A time in milliseconds with as many digits as mean something: `0.05 ms`, `64 ms`.
pub(super) fn millis(ms: f64) -> String {
    match ms {
        ms if ms >= 100.0 => format!("{ms:.0} ms"),
        ms if ms >= 10.0 => format!("{ms:.1} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

/// How long to wait, as a person says it: `1 second`, `73 seconds`, `15 minutes`.
pub(super) fn wait(seconds: i64) -> String {
    match seconds {
        ..=90 => count(seconds, "second", "seconds"),
        _ => count((seconds + 59) / 60, "minute", "minutes"),
    }
}

/// The first letter of a name, for people without a photo.
pub(super) fn initial(name: &str) -> String {
    name.chars()
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let read: Vec<String> = [0_i64, 999, 1_000, 50_123, 1_000_000, -1_234]
            .into_iter()
            .map(number)
            .collect();
        assert_eq!(read, ["0", "999", "1,000", "50,123", "1,000,000", "-1,234"]);
        assert_eq!(count(1, "photo", "photos"), "1 photo");
        assert_eq!(bytes(31_400_000), "31 MB");
        let waits = [1, 73, 91, 900].map(wait);
        assert_eq!(waits, ["1 second", "73 seconds", "2 minutes", "15 minutes"]);
    }
}
