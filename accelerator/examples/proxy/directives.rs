//! Parses `Cache-Control` (RFC 9111, 5.2), and rejects what is ambiguous.

use http::HeaderValue;

use crate::not_pushed::NotPushed;

/// The longest time that a number of seconds may mean (RFC 9111, 1.2.2).
const SECONDS_MAX: u64 = 1 << 31;

/// The directives of one message in their order, names in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    /// Reads all lines of the header as one list.
    ///
    /// # Errors
    /// When a line is not such a list: it could forbid anything.
    pub(crate) fn read<'a>(
        lines: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Self, NotPushed> {
        let mut all = Vec::new();
        for line in lines {
            let line = line.to_str().map_err(|_| NotPushed::Unreadable)?;
            all.extend(members(line).ok_or(NotPushed::Unreadable)?);
        }
        Ok(Self(all))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the seconds of a directive, or `None` if it is missing.
    ///
    /// # Errors
    /// When it is no number, or there are two different ones: RFC 9111, 4.2.1 allows treating that as stale.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<u64>, NotPushed> {
        let mut found = None;
        for (_, value) in self.0.iter().filter(|(known, _)| known == name) {
            let value = value.as_deref().and_then(seconds);
            let value = value.ok_or(NotPushed::Unreadable)?;
            if *found.get_or_insert(value) != value {
                return Err(NotPushed::Unreadable);
            }
        }
        Ok(found)
    }
}

/// Parses a number of seconds; caps one that is too large.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(SECONDS_MAX).min(SECONDS_MAX))
}

/// Splits `a, b=1, c="x, y"`; commas within quotes separate nothing.
fn members(line: &str) -> Option<Vec<(String, Option<String>)>> {
    let mut found = Vec::new();
    let mut rest = line.trim_matches([' ', '\t']);
    while !rest.is_empty() {
        if let Some(more) = rest.strip_prefix(',') {
            rest = more.trim_start_matches([' ', '\t']);
            continue;
        }
        let (name, after) = token(rest)?;
        let (value, after) = match after.strip_prefix('=') {
            None => (None, after),
            Some(after) => {
                let (value, after) = quoted(after).or_else(|| token(after))?;
                (Some(value), after)
            }
        };
        found.push((name.to_ascii_lowercase(), value));
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    Some(found)
}

fn token(text: &str) -> Option<(String, &str)> {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let len = text.find(|c| !is_of_token(c)).unwrap_or(text.len());
    (len > 0).then(|| (text[..len].to_owned(), &text[len..]))
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Directives;
    use crate::not_pushed::NotPushed;
    use http::HeaderValue;

    fn read(lines: &[&'static str]) -> Result<Directives, NotPushed> {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| HeaderValue::from_static(line))
            .collect();
        Directives::read(&lines)
    }

    #[test]
    fn names_have_no_case_and_lists_no_shape() {
        for lines in [
            &["no-store, max-age=60"][..],
            &["No-StOrE,mAx-AgE=60"],
            &["no-store", "max-age=60"],
            &[" , no-store ,, max-age=\"60\","],
        ] {
            let read = read(lines).unwrap();
            assert!(read.has("no-store"), "{lines:?}");
            assert_eq!(read.seconds("max-age"), Ok(Some(60)), "{lines:?}");
        }
    }

    #[test]
    fn what_stands_in_quotes_is_no_directive() {
        let read = read(&[r#"x="max-age=3600, \"no-store", max-age=1"#]).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), ["x", "max-age"]);
        assert_eq!(read.seconds("max-age"), Ok(Some(1)));
    }

    #[test]
    fn what_is_no_list_of_directives_is_not_read() {
        for line in [
            "max-age =60",
            "max-age= 60",
            "max-age=60 public",
            "max-age=\"60",
            "max-age=",
            "=60",
            "max-age=60;x",
        ] {
            assert_eq!(read(&[line]), Err(NotPushed::Unreadable), "{line}");
        }
    }

    #[test]
    fn what_is_no_number_or_two_is_not_read() {
        for line in [
            "max-age=-60",
            "max-age='60'",
            "max-age=60.0",
            "max-age=60a",
            "max-age",
            "max-age=\"\"",
            "max-age=60, max-age=30",
        ] {
            let read = read(&[line]).unwrap();
            assert_eq!(
                read.seconds("max-age"),
                Err(NotPushed::Unreadable),
                "{line}"
            );
        }
        let read = read(&["max-age=99999999999999999999999, s-maxage=060"]).unwrap();
        assert_eq!(read.seconds("max-age"), Ok(Some(1 << 31)));
        assert_eq!(read.seconds("s-maxage"), Ok(Some(60)));
        assert_eq!(read.seconds("expires"), Ok(None));
    }
}
