//! Extracts values from a response for later steps: links, redirects, form fields, text between texts.

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use rand::RngExt;
use url::Url;

use super::written;
use crate::page_list::path_of;

/// How many wildcards a pattern may have, because each may be tried at every position.
const WILDCARDS_MAX: usize = 8;

/// What is extracted from a response for later steps.
#[derive(Debug, Clone)]
pub(super) enum Extract {
    /// The path of a link on the page that matches a pattern, drawn from all that do.
    Link(Pattern),
    /// The target of the redirect.
    Location,
    /// The value of an input of a form.
    Field(Box<str>),
    /// The text between two texts, at their first occurrence.
    Between(Box<str>, Box<str>),
}

/// A pattern of paths: `*` matches a word between slashes, `#` a number.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Box<str>);

impl Extract {
    pub(super) fn build(written: &written::Extract) -> Result<Self, String> {
        match written {
            written::Extract::Link(pattern) => Pattern::parse(pattern).map(Self::Link),
            written::Extract::Header(name) if name.eq_ignore_ascii_case("location") => {
                Ok(Self::Location)
            }
            written::Extract::Header(name) => {
                Err(format!("only the header location can be taken, not {name}"))
            }
            written::Extract::Field(name) => Ok(Self::Field(name.as_str().into())),
            written::Extract::Between([before, after]) if before.is_empty() || after.is_empty() => {
                Err("between needs a text before and a text after the value".to_owned())
            }
            written::Extract::Between([before, after]) => {
                Ok(Self::Between(before.as_str().into(), after.as_str().into()))
            }
        }
    }

    /// Whether it reads the body of the response.
    pub(super) fn reads_body(&self) -> bool {
        !matches!(self, Self::Location)
    }

    /// Finds the value in a page; leaves out links that contain `own`.
    pub(super) fn find(
        &self,
        body: &[u8],
        page: &Url,
        own: &str,
        random: &mut impl RngExt,
    ) -> Option<String> {
        match self {
            Self::Location => None,
            Self::Link(pattern) => {
                let mut found: Vec<String> = Vec::new();
                each_attribute(body, |tag, name, value| {
                    if (tag, name) == ("a", "href") {
                        on_site(value.trim(), page, |path| {
                            let matches = pattern.matches(path) && !path.contains(own);
                            if matches && !found.iter().any(|known| known == path) {
                                found.push(path.to_owned());
                            }
                        });
                    }
                });
                (!found.is_empty()).then(|| {
                    let index = random.random_range(0..found.len());
                    found.swap_remove(index)
                })
            }
            Self::Field(wanted) => {
                let mut input = Input::default();
                each_attribute(body, |tag, name, value| match (tag, name) {
                    ("input", "") => input.begin(),
                    ("input", "name") if value == &**wanted => input.is_wanted = true,
                    ("input", "value") => input.value = value.to_owned(),
                    ("/input", _) => input.end(),
                    _ => {}
                });
                input.found
            }
            Self::Between(before, after) => {
                let text = String::from_utf8_lossy(body);
                let (_, from) = text.split_once(&**before)?;
                let (value, _) = from.split_once(&**after)?;
                Some(value.to_owned())
            }
        }
    }
}

/// Calls `found` with the path of a link, if its target is on the same site.
fn on_site(link: &str, page: &Url, found: impl FnOnce(&str)) {
    // Most links are plain paths, and parsing an address is half the cost of a page full of them.
    let is_plain = link.starts_with('/')
        && !link.starts_with("//")
        && !link.contains("/.")
        && link
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\\#\"'<>^`{|}".contains(&b));
    if is_plain {
        return found(link);
    }
    if let Ok(url) = page.join(link)
        && url.origin() == page.origin()
    {
        found(path_of(&url));
    }
}

/// The attributes of an input while they are read: the name may follow the value.
#[derive(Default)]
struct Input {
    is_wanted: bool,
    value: String,
    found: Option<String>,
}

impl Input {
    fn begin(&mut self) {
        self.is_wanted = false;
        self.value.clear();
    }

    fn end(&mut self) {
        if self.is_wanted && self.found.is_none() {
            self.found = Some(std::mem::take(&mut self.value));
        }
    }
}

/// Calls `found` with tag, name and value of every attribute, in order. A start tag begins with an
/// attribute without a name, and ends with one whose tag is its name after a slash.
fn each_attribute(html: &[u8], mut found: impl FnMut(&str, &str, &str)) {
    let mut tag = String::new();
    let mut attribute = String::new();
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            match event {
                CallbackEvent::OpenStartTag { name } => {
                    copy(name, &mut tag);
                    found(&tag, "", "");
                }
                CallbackEvent::AttributeName { name } => copy(name, &mut attribute),
                CallbackEvent::AttributeValue { value } => {
                    found(&tag, &attribute, &String::from_utf8_lossy(value));
                }
                CallbackEvent::CloseStartTag { .. } => {
                    tag.insert(0, '/');
                    found(&tag, "", "");
                }
                _ => {}
            }
            None
        },
    );
    // Without this, the text of a script would be parsed as elements.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
}

fn copy(bytes: &[u8], into: &mut String) {
    into.clear();
    into.push_str(&String::from_utf8_lossy(bytes));
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!(
                "{text:?} is not a pattern of links: it begins with /, * matches a word and # a number"
            ));
        }
        if text.matches(['*', '#']).count() > WILDCARDS_MAX {
            return Err(format!(
                "{text:?} has more than {WILDCARDS_MAX} wildcards (* or #)"
            ));
        }
        Ok(Self(text.into()))
    }

    fn matches(&self, path: &str) -> bool {
        matches(self.0.as_bytes(), path.as_bytes())
    }
}

fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let is_word = |b: &&u8| !b"/?&=#".contains(*b);
    match pattern.split_first() {
        None => path.is_empty(),
        Some((b'*', rest)) => {
            let longest = path.iter().take_while(is_word).count();
            (1..=longest).rev().any(|len| matches(rest, &path[len..]))
        }
        Some((b'#', rest)) => {
            let longest = path.iter().take_while(|b| b.is_ascii_digit()).count();
            (1..=longest).rev().any(|len| matches(rest, &path[len..]))
        }
        Some((byte, rest)) => path
            .split_first()
            .is_some_and(|(first, more)| first == byte && matches(rest, more)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    const PAGE: &str = r#"<a class=mark href="/">Home</a><a href="/people/ann/archive">Archive</a>
        <a href="/people/ann/7">1</a><a href="ann/8">2</a><A HREF='http://127.0.0.1/people/bo/9#c'>3</A>
        <a href="http://127.0.0.2/people/ev/10">other site</a><a href="/people/me/11">own</a>
        <script>"<a href=/people/no/12>"</script><!-- <a href=/people/no/13> -->
        <a rel=next href="/people/ann?before=7&amp;x=1">older</a>
        <input value="t&amp;1" type=hidden name=csrf><input name=other value=no>"#;

    fn extract(written: &written::Extract, seed: u64) -> Option<String> {
        let page = Url::parse("http://127.0.0.1/people/ann").unwrap();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Extract::build(written)
            .unwrap()
            .find(PAGE.as_bytes(), &page, "me", &mut random)
    }

    #[test]
    fn a_link_is_drawn_from_those_of_the_site_that_fit() {
        let photo = written::Extract::Link("/people/*/#".into());
        let mut drawn: Vec<String> = (0..50).filter_map(|seed| extract(&photo, seed)).collect();
        assert_eq!(drawn.len(), 50);
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn, ["/people/ann/7", "/people/ann/8", "/people/bo/9"]);
        let older = written::Extract::Link("/people/*?before=#&x=*".into());
        assert_eq!(extract(&older, 1).unwrap(), "/people/ann?before=7&x=1");
        assert_eq!(
            extract(&written::Extract::Link("/nothing/*".into()), 1),
            None
        );
    }

    #[test]
    fn a_field_and_a_text_between_are_found() {
        let field = |name: &str| extract(&written::Extract::Field(name.into()), 1);
        assert_eq!(field("csrf").unwrap(), "t&1");
        assert_eq!(field("nothing"), None);
        let between =
            |a: &str, b: &str| extract(&written::Extract::Between([a.into(), b.into()]), 1);
        assert_eq!(between("class=", " ").unwrap(), "mark");
        assert_eq!(between("class=", "§"), None);
    }

    #[test]
    fn what_cannot_be_taken_is_refused() {
        for wrong in [
            written::Extract::Link("people/*".into()),
            written::Extract::Link("/*#*#*#*#*".into()),
            written::Extract::Header("etag".into()),
            written::Extract::Between([String::new(), "b".into()]),
        ] {
            assert!(Extract::build(&wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_link_leads_where_the_standard_says(link in "(/|//|[.]|[?]|http:)?[ -~]{0,12}") {
            let page = Url::parse("http://127.0.0.1:81/people/ann?x=1").unwrap();
            let joined = page.join(&link).ok().filter(|url| url.origin() == page.origin());
            let mut found = None;
            on_site(&link, &page, |path| found = Some(path.to_owned()));
            prop_assert_eq!(found, joined.map(|url| path_of(&url).to_owned()));
        }

        #[test]
        fn a_pattern_without_wildcards_fits_itself_alone(path in "/[a-z/?=.]{0,9}", other in "/[a-z/?=.]{0,9}") {
            let pattern = Pattern::parse(&path).unwrap();
            prop_assert!(pattern.matches(&path));
            prop_assert_eq!(pattern.matches(&other), path == other);
        }
    }
}
