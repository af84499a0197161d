//! The rows of the site, as plain values. Times are seconds since 1970, UTC.

use crate::calendar::Month;

/// Who may look at a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// The people whom the owner follows.
    Contacts,
    /// The owner alone.
    Private,
}

impl Visibility {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Contacts => "contacts",
            Self::Private => "private",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct User {
    pub id: i64,
    /// Fit for an address: `^[a-z0-9][a-z0-9-]{1,29}$`; nobody else has it.
    pub name: String,
    pub display_name: String,
    pub about: String,
    pub created_at: i64,
    pub public_photo_count: u32,
    pub contacts_photo_count: u32,
    pub private_photo_count: u32,
    pub follower_count: u32,
    pub followee_count: u32,
}

/// A photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Photo {
    pub id: i64,
    pub userid: i64,
    /// What its picture is drawn from.
    pub scene_seed: u64,
    /// A random UUID.
    pub token: [u8; 16],
    pub title: String,
    pub description: String,
    pub width: u32,
    pub height: u32,
    /// Average colour as an index into the 6 x 6 x 6 cube.
    pub tone: u8,
    pub visibility: Visibility,
    pub taken_at: i64,
    pub created_at: i64,
    pub view_count: u64,
    pub favorite_count: u32,
    pub comment_count: u32,
}

/// One of the newest public photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct RecentPhoto {
    pub photo_id: i64,
    pub userid: i64,
}

/// How many photos an owner took in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct PhotoMonth {
    pub userid: i64,
    /// The midnight of UTC at which the month began.
    pub month_at: i64,
    pub public_count: u32,
    pub contacts_count: u32,
    pub private_count: u32,
}

/// A word of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

/// A tag on a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct PhotoTag {
    pub photo_id: i64,
    pub tag_id: i64,
    pub userid: i64,
}

/// A comment under a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Comment {
    pub id: i64,
    pub photo_id: i64,
    /// The owner of the photo.
    pub userid: i64,
    pub author_id: i64,
    pub body: String,
    pub created_at: i64,
}

/// Somebody likes a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Favorite {
    pub photo_id: i64,
    pub fan_id: i64,
    /// The owner of the photo.
    pub userid: i64,
    pub created_at: i64,
}

/// Somebody follows somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Follow {
    pub follower_id: i64,
    pub followee_id: i64,
}

/// Counts photos by owner and month; they come sorted.
pub(super) fn by_month(taken: Vec<(u32, u16, Visibility)>) -> impl Iterator<Item = PhotoMonth> {
    let mut taken = taken.into_iter().peekable();
    std::iter::from_fn(move || {
        let (owner, month, _) = *taken.peek()?;
        let mut counts = [0; 3];
        while let Some((.., visibility)) = taken.next_if(|next| (next.0, next.1) == (owner, month))
        {
            counts[visibility as usize] += 1;
        }
        let [public_count, contacts_count, private_count] = counts;
        let month_at = Month(month).start_at();
        Some(PhotoMonth {
            userid: i64::from(owner) + 1,
            month_at,
            public_count,
            contacts_count,
            private_count,
        })
    })
}
