//! People: who is here, by name.

use askama::Template;
use axum::extract::State;

use super::error::Error;
use super::forms::Query;
use super::page::Page;
use super::site::Site;
use super::visit::Visit;
use super::words;
use crate::db;
use crate::domain::{Cursor, Tone, Username};
use crate::images::{Encoding, Width};
use crate::urls;

#[derive(Template)]
#[template(path = "people.html")]
struct People<'a> {
    visit: &'a Visit,
    people: Vec<Card>,
    letters: Vec<(char, String, bool)>,
    first_url: Option<String>,
    next_url: Option<String>,
}

struct Card {
    url: String,
    name: Username,
    display_name: String,
    photos: String,
    cover: Option<(String, Tone)>,
    initial: String,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    query: Query,
) -> Result<Page, Error> {
    let query = query.only(&["from"])?;
    let from = query.get("from");
    // A name or the beginning of one: the same characters.
    let is_name = |from: &str| {
        Username::parse(from).is_ok()
            || (from.len() == 1
                && from
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
    };
    if from.is_some_and(|from| !is_name(from)) {
        return Err(Error::BadRequest(
            "The list of people begins at a name or its first letter.".to_owned(),
        ));
    }
    let (people, next) = db::people::page(&site.db, from.unwrap_or_default()).await?;
    if people.is_empty() && from.is_some() {
        return Err(Error::NotFound("There is nobody from that name on."));
    }
    let current = people
        .first()
        .and_then(|person| person.name.as_str().chars().next());
    let letters = ('a'..='z')
        .map(|letter| {
            let url = urls::people(Some(letter.to_string().as_str()));
            (letter.to_ascii_uppercase(), url, current == Some(letter))
        })
        .collect();
    let people = people
        .into_iter()
        .map(|person| Card {
            url: urls::person(&person.name, Cursor::Newest),
            photos: match person.public_photo_count {
                0 => "no photos yet".to_owned(),
                count => words::count(count, "photo", "photos"),
            },
            cover: person
                .cover_token
                .zip(person.cover_tone)
                .map(|(token, tone)| {
                    let url = urls::picture(
                        person.id,
                        token,
                        Width::W320.pixels(),
                        Encoding::WebP.extension(),
                    );
                    (url, tone)
                }),
            initial: words::initial(&person.display_name),
            display_name: person.display_name,
            name: person.name,
        })
        .collect();
    let template = People {
        visit: &visit,
        people,
        letters,
        first_url: from.map(|_| urls::people(None)),
        next_url: next.map(|next| urls::people(Some(next.as_str()))),
    };
    Page::show(&visit, &template)
}
