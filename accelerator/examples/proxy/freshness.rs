//! How long a response stays fresh (RFC 9111, 4.2), for nginx and for the caches behind it.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{AGE, DATE, EXPIRES, HeaderName};

use crate::directives::{Directives, seconds};
use crate::not_pushed::NotPushed;

/// The rest of the origin's lifetime when its response arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// For a shared cache: `s-maxage` first.
    pub(crate) shared: Duration,
    /// For a browser, which ignores `s-maxage`.
    pub(crate) private: Duration,
}

impl Left {
    /// Reads the headers of a response that was requested at one time and arrived at another.
    ///
    /// # Errors
    /// When the origin gave no lifetime, or one that cannot be parsed. Nothing is guessed.
    pub(crate) fn read(
        headers: &HeaderMap,
        directives: &Directives,
        asked: SystemTime,
        arrived: SystemTime,
    ) -> Result<Self, NotPushed> {
        let date = date(headers, &DATE).unwrap_or(arrived);
        let max_age = directives.seconds("max-age")?.map(Duration::from_secs);
        let s_maxage = directives.seconds("s-maxage")?.map(Duration::from_secs);
        let private = max_age.or_else(|| until_expires(headers, date));
        let shared = s_maxage.or(private).ok_or(NotPushed::NoLifetime)?;
        let age = age(headers, date, asked, arrived)?;
        Ok(Self {
            shared: shared.saturating_sub(age),
            private: private.unwrap_or_default().saturating_sub(age),
        })
    }
}

/// The time from `Date` to `Expires`; an invalid date, or two of them, is in the past (5.3).
fn until_expires(headers: &HeaderMap, date: SystemTime) -> Option<Duration> {
    headers.get(EXPIRES)?;
    let expires = self::date(headers, &EXPIRES);
    let left = expires.and_then(|expires| expires.duration_since(date).ok());
    Some(left.unwrap_or_default())
}

/// `corrected_initial_age` of RFC 9111, 4.2.3.
///
/// An `Age` that is no number, or present twice, may be ignored (5.1); rejecting it is the safe choice.
fn age(
    headers: &HeaderMap,
    date: SystemTime,
    asked: SystemTime,
    arrived: SystemTime,
) -> Result<Duration, NotPushed> {
    let apparent = arrived.duration_since(date).unwrap_or_default();
    let underway = arrived.duration_since(asked).unwrap_or_default();
    let mut said = headers.get_all(AGE).iter();
    let age = match (said.next(), said.next()) {
        (None, _) => 0,
        (Some(age), None) => age
            .to_str()
            .ok()
            .and_then(seconds)
            .ok_or(NotPushed::Unreadable)?,
        (Some(_), Some(_)) => return Err(NotPushed::Unreadable),
    };
    Ok(apparent.max(Duration::from_secs(age) + underway))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    if lines.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(line).ok()
}

#[cfg(test)]
mod tests {
    use super::{Duration, Left, SystemTime};
    use crate::directives::Directives;
    use crate::not_pushed::NotPushed;
    use http::header::CACHE_CONTROL;
    use http::{HeaderMap, HeaderName, HeaderValue};

    const NOON: &str = "Tue, 24 Nov 2026 12:00:00 GMT";

    /// The rest for shared and for private caches, in seconds, of a response that arrives at noon
    /// after two seconds.
    fn left(lines: &[(&'static str, &'static str)]) -> Result<(u64, u64), NotPushed> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let noon: SystemTime = httpdate::parse_http_date(NOON).unwrap();
        let directives = Directives::read(headers.get_all(CACHE_CONTROL))?;
        let left = Left::read(&headers, &directives, noon - Duration::from_secs(2), noon)?;
        Ok((left.shared.as_secs(), left.private.as_secs()))
    }

    #[test]
    fn the_more_special_time_counts() {
        let expires = ("expires", "Tue, 24 Nov 2026 12:01:40 GMT");
        for (lines, expected) in [
            (
                &[("cache-control", "s-maxage=52, max-age=12"), expires][..],
                (50, 10),
            ),
            (&[("cache-control", "max-age=12"), expires], (10, 10)),
            (&[("cache-control", "s-maxage=52"), expires], (50, 98)),
            (&[("cache-control", "s-maxage=52")], (50, 0)),
            (&[expires], (98, 98)),
            (
                &[expires, ("date", "Tue, 24 Nov 2026 12:01:00 GMT")],
                (38, 38),
            ),
            (&[("cache-control", "max-age=0"), expires], (0, 0)),
        ] {
            assert_eq!(left(lines), Ok(expected), "{lines:?}");
        }
    }

    #[test]
    fn no_time_is_guessed() {
        for lines in [
            &[][..],
            &[("last-modified", "Tue, 24 Nov 2020 12:00:00 GMT")],
            &[("cache-control", "public")],
        ] {
            assert_eq!(left(lines), Err(NotPushed::NoLifetime), "{lines:?}");
        }
    }

    #[test]
    fn a_date_that_is_none_is_past() {
        for expires in [
            "0",
            "",
            "Tue, 24 Nov 2036 12:01:40 UTC",
            "Tue, 24 Nov 36 12:01:40 GMT",
            "Tue 24 Nov 2036 12:01:40 GMT",
            "Tue, 24  Nov  2036 12:01:40 GMT",
            "Tue, 24-Nov-2036 12:01:40 GMT",
            "Tue, 24 Nov 2036 12.01.40 GMT",
            "Tue, 24 Nov 2036 2:01:40 GMT",
        ] {
            assert_eq!(left(&[("expires", expires)]), Ok((0, 0)), "{expires}");
        }
        let twice = [("expires", "Tue, 24 Nov 2036 12:01:40 GMT"); 2];
        assert_eq!(left(&twice), Ok((0, 0)));
    }

    #[test]
    fn what_is_old_already_has_less_left() {
        let hundred = ("cache-control", "max-age=100");
        for (lines, expected) in [
            (&[("age", "30")][..], 68),
            (&[("age", "99999999999999999999")], 0),
            (&[("date", "Tue, 24 Nov 2026 11:59:00 GMT")], 40),
            (
                &[("date", "Tue, 24 Nov 2026 11:59:00 GMT"), ("age", "80")],
                18,
            ),
            (&[("date", "Tue, 24 Nov 2026 12:10:00 GMT")], 98),
            (&[("date", "some day")], 98),
        ] {
            let lines: Vec<_> = lines.iter().copied().chain([hundred]).collect();
            assert_eq!(left(&lines), Ok((expected, expected)), "{lines:?}");
        }
    }

    #[test]
    fn an_age_that_is_no_number_is_not_believed_to_be_none() {
        for ages in [
            &["-30"][..],
            &["thirty"],
            &["30.0"],
            &["30;x=y"],
            &["0, 30"],
            &["0", "0"],
        ] {
            let hundred = ("cache-control", "max-age=100");
            let lines = ages.iter().map(|age| ("age", *age)).chain([hundred]);
            let lines: Vec<_> = lines.collect();
            assert_eq!(left(&lines), Err(NotPushed::Unreadable), "{ages:?}");
        }
    }
}
