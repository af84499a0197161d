//! The list of people: by name, by number of photos, and found by words of a name.

use domain::{CountCursor, NameCursor, PhotoToken, Tone, UserId, Username};
use sqlx::PgExecutor;

use super::query_stats::counted;

/// How many people a page shows.
pub const PEOPLE_PER_PAGE: usize = 48;

/// A person in the list, with the newest of their public photos.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    /// Their id.
    pub id: UserId,
    /// Their name in addresses.
    pub name: Username,
    /// Their name as shown.
    pub display_name: String,
    /// Their display name as sorted: lower case, without accents.
    pub sort_name: String,
    /// How many public photos they have.
    pub public_photo_count: i32,
    /// Names the pictures of the newest public photo, if there is one.
    pub cover_token: Option<PhotoToken>,
    /// Its placeholder.
    pub cover_tone: Option<Tone>,
}

/// A page of the list.
#[derive(Debug, Clone)]
pub struct PeoplePage {
    /// In order; at most [`PEOPLE_PER_PAGE`].
    pub people: Vec<Listed>,
    /// Whether there are more.
    pub more: bool,
}

impl PeoplePage {
    /// Removes the row that was read only to learn whether there are more.
    fn cut(mut people: Vec<Listed>) -> Self {
        let more = people.len() > PEOPLE_PER_PAGE;
        people.truncate(PEOPLE_PER_PAGE);
        Self { people, more }
    }
}

/// The sort and search key of a name: the expression of `users.sort_name`, for the text `$1`.
macro_rules! folded {
    () => {
        "left(btrim(regexp_replace(regexp_replace(replace(replace(replace(
            translate(lower(normalize($1::text, nfkd) collate \"und-x-icu\"), 'øłđðħı', 'olddhi'),
            'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'),
            '[\\u0300-\\u036f]', '', 'g'),
            '[[:space:][:punct:]]+' collate \"und-x-icu\", ' ', 'g')), 60) collate \"C\""
    };
}

/// Folds a text as the schema folds names; a test compares the two.
pub const FOLDED: &str = concat!("select ", folded!());

/// Adds the newest public photo to a few people, which keep their order.
macro_rules! with_covers {
    ($people:expr, $order:literal) => {
        concat!(
            "select u.id, u.name, u.display_name, u.sort_name, u.public_photo_count,
                    p.token as cover_token, p.tone as cover_tone
               from (",
            $people,
            ") u
               left join lateral (
                    select token, tone
                      from photos
                     where userid = u.id and visibility = 'public'
                       -- No search for photos of people without any.
                       and u.public_photo_count > 0
                     order by id desc
                     limit 1
                    ) p on true
              order by ",
            $order
        )
    };
}

const BY_NAME: &str = with_covers!(
    "select id, name, display_name, sort_name, public_photo_count
       from users
      where (sort_name, id) > ($1, $2)
      order by sort_name, id
      limit 49",
    "u.sort_name, u.id"
);

const FROM_NAME: &str = with_covers!(
    concat!(
        "select id, name, display_name, sort_name, public_photo_count
           from users
          where sort_name >= ",
        folded!(),
        "
          order by sort_name, id
          limit 49"
    ),
    "u.sort_name, u.id"
);

const BY_PHOTOS: &str = with_covers!(
    "select id, name, display_name, sort_name, public_photo_count
       from users
      where (public_photo_count, id) < ($1, $2)
      order by public_photo_count desc, id desc
      limit 49",
    "u.public_photo_count desc, u.id desc"
);

/// The longest word of the search reads at most 1,000 entries of `name_words`; a candidate must have
/// the other words too. The whole name comes first, then the most photos.
///
/// A trigram index finds beginnings of words too, but all people of one beginning would have to be read and
/// sorted: for a frequent letter that is a share of all people, not 1,000.
const FOUND: &str = with_covers!(
    concat!(
        "with asked as materialized (select ",
        folded!(),
        " as whole),
          words as materialized (
            select word, whole
              from asked, unnest(string_to_array(whole, ' ')) word
             where word <> ''
             limit 6),
          longest as materialized (
            select word from words order by length(word) desc, word limit 1),
          hits as (
            select userid
              from name_words
             where word >= (select word from longest)
               and word < (select word || chr(1114111) from longest)
             order by word, userid
             limit 1000)
         select u.id, u.name, u.display_name, u.sort_name, u.public_photo_count,
                u.sort_name = (select whole from asked) as is_whole
           from (select distinct userid from hits) h
           join users u on u.id = h.userid
          where not exists (
                select from words w
                 where strpos(' ' || u.sort_name || ' ' || replace(u.name, '-', ' '), ' ' || w.word) = 0)
          order by is_whole desc, u.public_photo_count desc, u.id desc
          limit 49"
    ),
    "u.is_whole desc, u.public_photo_count desc, u.id desc"
);

/// The statements of this file with their names and the types of their parameters, for the tests of their plans.
pub const STATEMENTS: [(&str, &str, &str); 4] = [
    ("people by name", BY_NAME, "text, int8"),
    ("people from a name", FROM_NAME, "text"),
    ("people by photos", BY_PHOTOS, "int4, int8"),
    ("people found", FOUND, "text"),
];

/// Returns people by the name that is shown, after a place in the list.
pub async fn by_name(
    db: impl PgExecutor<'_>,
    after: Option<&NameCursor>,
) -> Result<PeoplePage, sqlx::Error> {
    let (sort_name, person) = after.map_or(("", UserId(0)), |after| {
        (after.sort_name.as_str(), after.person)
    });
    let asked = sqlx::query_as(BY_NAME).bind(sort_name).bind(person);
    counted(asked.fetch_all(db)).await.map(PeoplePage::cut)
}

/// Returns people by the name that is shown, from this text on, which is folded as names are.
pub async fn from_name(db: impl PgExecutor<'_>, from: &str) -> Result<PeoplePage, sqlx::Error> {
    let asked = sqlx::query_as(FROM_NAME).bind(from);
    counted(asked.fetch_all(db)).await.map(PeoplePage::cut)
}

/// Returns people by their number of public photos, the most first, after a place in the list.
pub async fn by_photos(
    db: impl PgExecutor<'_>,
    after: Option<CountCursor>,
) -> Result<PeoplePage, sqlx::Error> {
    let after = after.unwrap_or(CountCursor {
        photos: i32::MAX,
        person: UserId(i64::MAX),
    });
    let asked = sqlx::query_as(BY_PHOTOS)
        .bind(after.photos)
        .bind(after.person);
    counted(asked.fetch_all(db)).await.map(PeoplePage::cut)
}

/// Returns people whose display name or user name has a word that begins with each word of the text.
pub async fn found(db: impl PgExecutor<'_>, text: &str) -> Result<PeoplePage, sqlx::Error> {
    let asked = sqlx::query_as(FOUND).bind(text);
    counted(asked.fetch_all(db)).await.map(PeoplePage::cut)
}
