//! The list of people: by name, by their number of photos, and a search.

use askama::Template;
use axum::extract::State;
use db::people_list::{self, Listed, PeoplePage};
use domain::urls::{self, People};
use domain::{BadCursor, CountCursor, Cursor, NameCursor, Tone, UserId, Username};
use images::{Encoding, Width};
use site::Site;

use super::error::Error;
use super::format;
use super::forms::Query;
use super::page::Page;
use super::session::Visit;

/// How many characters of a search or of `from` are read: as many as a display name has.
const TEXT_CHARS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "people.html")]
struct PeopleList<'a> {
    visit: &'a Visit,
    people: Vec<Card>,
    /// What was searched for; empty for the list.
    search: String,
    is_by_photos: bool,
    letters: Vec<Letter>,
    first_url: Option<String>,
    next_url: Option<String>,
    /// Whether a search found more people than a page shows.
    is_cut: bool,
}

/// A letter of the rail.
struct Letter {
    shown: String,
    url: String,
    is_current: bool,
}

struct Card {
    url: String,
    name: Username,
    display_name: String,
    photos: String,
    cover: Option<(String, Tone)>,
    initial: String,
}

/// What an address of the list means.
enum Asked {
    Found(String),
    From(String),
    ByName(Option<NameCursor>),
    ByPhotos(Option<CountCursor>),
}

impl Asked {
    fn of(query: &Query) -> Result<Self, BadCursor> {
        let search = query.get("q").map(readable).unwrap_or_default();
        if !search.is_empty() {
            return Ok(Self::Found(search));
        }
        let after = query.get("after");
        if query.get("order") == Some("photos") {
            return Ok(Self::ByPhotos(after.map(str::parse).transpose()?));
        }
        match (after, query.get("from")) {
            (Some(after), _) => Ok(Self::ByName(Some(after.parse()?))),
            // Every ASCII letter is before `{`, every letter of another alphabet after it.
            (None, Some(urls::AFTER_Z)) => Ok(Self::ByName(Some(NameCursor {
                sort_name: "{".to_owned(),
                person: UserId(0),
            }))),
            (None, Some(from)) => Ok(Self::From(readable(from))),
            (None, None) => Ok(Self::ByName(None)),
        }
    }

    async fn page(&self, site: &Site) -> Result<PeoplePage, db::Error> {
        match self {
            Self::Found(text) => people_list::found(&site.db, text).await,
            Self::From(text) => people_list::from_name(&site.db, text).await,
            Self::ByName(after) => people_list::by_name(&site.db, after.as_ref()).await,
            Self::ByPhotos(after) => people_list::by_photos(&site.db, *after).await,
        }
    }

    /// Where the list goes on after its last person.
    fn next(&self, last: &Listed) -> Option<String> {
        match self {
            Self::Found(_) => None,
            Self::ByPhotos(_) => Some(urls::people(People::MostPhotos(Some(CountCursor {
                photos: last.public_photo_count,
                person: last.id,
            })))),
            Self::From(_) | Self::ByName(_) => Some(urls::people(People::After(&NameCursor {
                sort_name: last.sort_name.clone(),
                person: last.id,
            }))),
        }
    }

    /// The first page of the list, when this is a later one.
    fn first(&self) -> Option<String> {
        match self {
            Self::ByName(None) | Self::ByPhotos(None) => None,
            Self::ByPhotos(Some(_)) => Some(urls::people(People::MostPhotos(None))),
            Self::Found(_) | Self::From(_) | Self::ByName(Some(_)) => {
                Some(urls::people(People::All))
            }
        }
    }
}

/// Bounds what was typed, without the characters that PostgreSQL refuses (NUL) or that have no
/// letters in them.
fn readable(text: &str) -> String {
    let text = text.chars().filter(|c| !c.is_control());
    let text: String = text.take(TEXT_CHARS_MAX).collect();
    text.trim().to_owned()
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    query: Query,
) -> Result<Page, Error> {
    let query = query.only(&["q", "order", "from", "after"])?;
    let asked = Asked::of(&query).map_err(|error| Error::BadRequest(error.to_string()))?;
    let PeoplePage { people, more } = asked.page(&site).await?;
    let last = people.last().filter(|_| more);
    let next_url = last.and_then(|last| asked.next(last));
    let by_name = matches!(asked, Asked::From(_) | Asked::ByName(_));
    let current = people.first().filter(|_| by_name);
    let current = current.map(|person| person.sort_name.chars().next().unwrap_or(' '));
    let template = PeopleList {
        visit: &visit,
        letters: letters(current),
        first_url: asked.first(),
        is_cut: more && next_url.is_none(),
        next_url,
        is_by_photos: matches!(asked, Asked::ByPhotos(_)),
        search: match asked {
            Asked::Found(text) => text,
            _ => String::new(),
        },
        people: people.into_iter().map(Card::of).collect(),
    };
    Page::show(&visit, &template)
}

/// The rail of letters: A to Z and what comes after, as names are sorted.
fn letters(current: Option<char>) -> Vec<Letter> {
    let latin = ('a'..='z').map(|letter| Letter {
        shown: letter.to_ascii_uppercase().to_string(),
        url: urls::people(People::From(letter.encode_utf8(&mut [0; 4]))),
        is_current: current == Some(letter),
    });
    let others = Letter {
        shown: "Other".to_owned(),
        url: urls::people(People::From(urls::AFTER_Z)),
        is_current: current.is_some_and(|letter| letter > 'z'),
    };
    latin.chain([others]).collect()
}

impl Card {
    fn of(person: Listed) -> Self {
        let cover = person.cover_token.zip(person.cover_tone);
        Self {
            url: urls::person(&person.name, Cursor::Newest),
            photos: match person.public_photo_count {
                0 => "no photos yet".to_owned(),
                count => format::count(count, "photo", "photos"),
            },
            cover: cover.map(|(token, tone)| {
                let (width, extension) = (Width::W320.pixels(), Encoding::WebP.extension());
                (urls::picture(person.id, token, width, extension), tone)
            }),
            initial: format::initial(&person.display_name),
            display_name: person.display_name,
            name: person.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_typed_is_bounded_and_holds_no_nul() {
        assert_eq!(readable(" a\0b\u{7f} "), "ab");
        assert_eq!(readable(&"é".repeat(10_000)), "é".repeat(60));
        assert_eq!(readable("%_\\"), "%_\\");
    }
}
