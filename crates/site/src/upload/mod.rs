//! Posts a picture in four steps: take a place, receive the bytes, inspect them, insert the row.
//!
//! The order bounds what one account can cost all others. A place is taken before the body is read; the bytes go to a
//! file and not to memory; the size of the file is checked before it waits, and one file at a time a process is decoded.
//! A waiting upload holds no resource that other requests need (threads, memory for drawing, database connections).

mod place;

use std::io;
use std::sync::Arc;

use time::OffsetDateTime;

use self::place::Places;
pub use self::place::{NotAdmitted, Place};
use db::photo_write::{self, NewPhoto};
use domain::{Frame, PhotoId, Title, Tone, UserId, Visibility};
use images::blocking::Lane;
use images::{Abandoned, Facts, Incoming, InspectError, Inspector, Originals, Received, Refusal};

/// Runs the work on originals.
static KEEPING: Lane = Lane::new(4);

/// The uploads of one process. Clones share its places.
#[derive(Debug, Clone)]
pub struct Uploads {
    db: db::Pool,
    originals: Originals,
    inspector: Inspector,
    places: Arc<Places>,
}

/// The owner's details of a picture.
#[derive(Debug, Clone)]
pub struct Details {
    /// May be empty.
    pub title: Title,
    /// Its visibility.
    pub visibility: Visibility,
}

/// Why a picture was not posted.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The file is not an accepted picture.
    #[error(transparent)]
    Refused(Refusal),
    /// Too many uploads wait to be inspected; to be retried in a few seconds.
    #[error("too many uploads are waiting to be inspected")]
    Busy,
    /// The disk failed.
    #[error("an upload cannot be stored")]
    Disk(#[from] io::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The process is shutting down.
    #[error("posting a photo was interrupted")]
    Interrupted,
}

impl From<InspectError> for PostError {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Refused(refusal) => Self::Refused(refusal),
            InspectError::Busy => Self::Busy,
            InspectError::Unreadable(error) => Self::Disk(error),
            InspectError::Interrupted => Self::Interrupted,
        }
    }
}

impl Uploads {
    /// The uploads of a process with these originals. The inspector's thread starts with the first upload.
    #[must_use]
    pub fn new(db: db::Pool, originals: Originals) -> Self {
        Self {
            places: Arc::new(Places::new(db.clone())),
            inspector: originals.inspector(),
            db,
            originals,
        }
    }

    /// Takes a place for an upload of this account, before the body is read.
    ///
    /// # Errors
    ///
    /// When the account or the process has too many in progress, or the database fails.
    pub async fn admit(&self, account: UserId) -> Result<Place, NotAdmitted> {
        Places::take(&self.places, account).await
    }

    /// Begins to receive the file of an upload that has a place; `announced_bytes` at most.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub async fn receive(&self, _place: &Place, announced_bytes: u64) -> io::Result<Incoming> {
        self.originals.receive(announced_bytes).await
    }

    /// Inspects a received file and posts it as a photo of the account that has the place.
    ///
    /// A call that is dropped while the file waits or is inspected posts nothing. After that the photo is posted, or no
    /// part of it is left. If the outcome is unknown, because the process died or the connection broke while the row was
    /// committed, [`sweep`] finds out later.
    ///
    /// # Errors
    ///
    /// When the picture is refused, too many uploads wait, or a step fails; then no part of it is stored.
    pub async fn post(
        &self,
        place: &Place,
        received: Received,
        details: Details,
    ) -> Result<PhotoId, PostError> {
        let facts = self.inspector.inspect(&received, place.clone()).await?;
        let (uploads, owner) = (self.clone(), place.account());
        let kept = tokio::spawn(async move { uploads.keep(owner, received, facts, details).await });
        kept.await.map_err(|_| PostError::Interrupted)?
    }

    /// Makes the file an original and then inserts its row; if the row fails, deletes the file.
    async fn keep(
        &self,
        owner: UserId,
        received: Received,
        facts: Facts,
        details: Details,
    ) -> Result<PhotoId, PostError> {
        let sha256 = received.sha256;
        let originals = self.originals.clone();
        let adopted = KEEPING.run(move || originals.adopt(received, facts.format));
        let (filename, link) = adopted.await.map_err(|_| PostError::Interrupted)??;
        let new = NewPhoto {
            owner,
            filename: filename.to_string(),
            sha256,
            title: details.title,
            frame: Frame {
                width: i32::try_from(facts.width).unwrap_or(i32::MAX),
                height: i32::try_from(facts.height).unwrap_or(i32::MAX),
            },
            tone: Tone(facts.tone.into()),
            visibility: details.visibility,
            taken_at: facts.taken_at.unwrap_or_else(OffsetDateTime::now_utc),
        };
        match self.insert(&new).await {
            Ok(photo) => Ok(photo),
            Err(NotInserted::Unknown(error)) => {
                link.leave();
                Err(error.into())
            }
            Err(NotInserted::Certain(error)) => {
                let originals = self.originals.clone();
                let deleted = KEEPING.run(move || originals.delete(filename)).await;
                if !matches!(deleted, Ok(Ok(_))) {
                    link.leave();
                }
                Err(error.into())
            }
        }
    }

    async fn insert(&self, new: &NewPhoto) -> Result<PhotoId, NotInserted> {
        let certain = NotInserted::Certain;
        let mut tx = self.db.begin().await.map_err(certain)?;
        let photo = photo_write::insert(&mut tx, new).await.map_err(certain)?;
        tx.commit().await.map_err(|error| match error {
            db::Error::Database(_) => NotInserted::Certain(error),
            _ => NotInserted::Unknown(error),
        })?;
        Ok(photo)
    }
}

/// Removes the unfinished uploads of processes that died; returns how many pictures.
///
/// # Errors
///
/// When the disk or the database fails.
pub async fn sweep(db: &db::Pool, originals: &Originals) -> anyhow::Result<usize> {
    let files = originals.clone();
    let Abandoned {
        mut removed,
        originals: found,
    } = KEEPING.run(move || files.sweep()).await??;
    for name in found {
        let is_posted = photo_write::is_original(db, &name.to_string()).await?;
        let files = originals.clone();
        KEEPING
            .run(move || {
                if !is_posted {
                    files.delete(name)?;
                }
                // Last, so that the next sweep continues if this one fails.
                files.forget(name)
            })
            .await??;
        removed += usize::from(!is_posted);
    }
    Ok(removed)
}

/// Why the row was not inserted.
enum NotInserted {
    /// It was certainly not inserted.
    Certain(db::Error),
    /// The connection broke during the commit: the row may exist, so its file must stay.
    Unknown(db::Error),
}
