//! Reads the form of an upload as it arrives: the picture into a file, the few words into memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use bytes::BytesMut;
use futures::Stream;
use images::disk::UploadRoom;
use images::{Received, Refusal, WriteError};
use site::upload::{Place, Uploads};

use crate::web::error::Error;

/// How many bytes a field of words may have. A title of 200 characters has at most 800.
const WORDS_BYTES_MAX: usize = 4 << 10;

/// How many fields the form may have; ours has three.
const FIELDS_MAX: usize = 16;

/// How many bytes may have arrived and not yet be part of a field's content: boundaries and headers of fields, or a
/// header without an end.
const UNREAD_BYTES_MAX: usize = 1 << 20;

/// How large a frame is at least that the parser is given, but for the last one.
const FRAME_BYTES_MIN: usize = 64 << 10;

/// What the form brought.
#[derive(Debug, Default)]
pub(super) struct Posted {
    /// None when no file was chosen.
    pub(super) picture: Option<Received>,
    pub(super) title: String,
    pub(super) visibility: String,
}

/// Why there is no form.
pub(super) enum FormError {
    /// The picture is refused before it has arrived.
    Refused(Refusal),
    /// Anything else.
    Other(Error),
}

impl From<Error> for FormError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Where a picture arrives.
struct Arrival<'a> {
    uploads: &'a Uploads,
    place: &'a Place,
    /// How many bytes the form has at most.
    bytes: u64,
    /// Held until the disk counts the file.
    room: Option<UploadRoom>,
}

/// Reads the form of an upload that has a place, and room on the disk.
pub(super) async fn read(
    uploads: &Uploads,
    place: &Place,
    room: UploadRoom,
    request: Request,
) -> Result<Posted, FormError> {
    let mut arrival = Arrival {
        uploads,
        place,
        bytes: room.bytes(),
        room: Some(room),
    };
    let unread = Arc::new(AtomicUsize::new(0));
    let request = request.map(|body| Body::from_stream(Paced::new(body, Arc::clone(&unread))));
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| incomplete())?;
    let mut posted = Posted::default();
    for _ in 0..FIELDS_MAX {
        let Some(mut field) = form.next_field().await.map_err(broken)? else {
            return Ok(posted);
        };
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "picture" => {
                let received = picture(&mut arrival, &mut field, &unread).await?;
                if received.is_some() && posted.picture.is_some() {
                    let one = "Please choose one picture at a time.".to_owned();
                    return Err(Error::BadRequest(one).into());
                }
                posted.picture = posted.picture.or(received);
            }
            "title" => posted.title = words(&mut field, &unread).await?,
            "visibility" => posted.visibility = words(&mut field, &unread).await?,
            _ => while next(&mut field, &unread).await?.is_some() {},
        }
    }
    Err(incomplete().into())
}

/// Receives a picture into a file; none if it has no bytes, as when no file was chosen.
async fn picture(
    arrival: &mut Arrival<'_>,
    field: &mut Field<'_>,
    unread: &AtomicUsize,
) -> Result<Option<Received>, FormError> {
    let incoming = arrival.uploads.receive(arrival.place, arrival.bytes).await;
    let mut incoming = incoming.map_err(disk)?;
    if incoming.is_allocated()
        && let Some(room) = arrival.room.take()
    {
        room.is_allocated().map_err(Error::from)?;
    }
    while let Some(bytes) = next(field, unread).await? {
        incoming = incoming.write(&bytes).await.map_err(|error| match error {
            WriteError::Refused(refusal) => FormError::Refused(refusal),
            WriteError::Disk(error) => disk(error).into(),
        })?;
    }
    let received = incoming.finish().await.map_err(disk)?;
    Ok((received.bytes > 0).then_some(received))
}

async fn words(field: &mut Field<'_>, unread: &AtomicUsize) -> Result<String, Error> {
    let mut words = Vec::new();
    while let Some(bytes) = next(field, unread).await? {
        if words.len() + bytes.len() > WORDS_BYTES_MAX {
            return Err(Error::BadRequest(
                "A field of the form is too long.".to_owned(),
            ));
        }
        words.extend_from_slice(&bytes);
    }
    // What is not UTF-8 becomes a character that titles and choices refuse or show as such.
    Ok(String::from_utf8_lossy(&words).into_owned())
}

/// The next bytes of a field.
async fn next(field: &mut Field<'_>, unread: &AtomicUsize) -> Result<Option<Bytes>, Error> {
    let bytes = field.chunk().await.map_err(broken)?;
    if let Some(bytes) = &bytes {
        unread.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
    Ok(bytes)
}

#[allow(clippy::needless_pass_by_value, reason = "given to map_err")]
fn broken(error: MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => incomplete(),
    }
}

fn incomplete() -> Error {
    Error::BadRequest("The form did not arrive completely. Please send it again.".to_owned())
}

fn disk(error: std::io::Error) -> Error {
    anyhow::Error::from(error)
        .context("an upload cannot be written")
        .into()
}

/// A body in frames of [`FRAME_BYTES_MIN`] or more, one at a time.
///
/// The parser (multer 3.1) reads everything that is ready before it returns a field's bytes: from a client that sends
/// faster than the file is written, that can be the whole body. Here it finds nothing ready after each frame, so memory
/// holds one frame. With each frame it searches everything that it holds for the end of a field's header: so small frames,
/// of which a client can send a million, are put together. And it reads a header however long it is; here the body fails
/// when too much of it belongs to no field.
struct Paced {
    body: BodyDataStream,
    /// Small frames put together.
    gathered: BytesMut,
    /// Bytes handed out that were not yet the content of a field.
    unread: Arc<AtomicUsize>,
    pause: bool,
}

impl Paced {
    fn new(body: Body, unread: Arc<AtomicUsize>) -> Self {
        Self {
            body: body.into_data_stream(),
            gathered: BytesMut::new(),
            unread,
            pause: false,
        }
    }

    fn gather(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(frame)) if self.gathered.is_empty() && frame.len() >= FRAME_BYTES_MIN => {
                    return Poll::Ready(Some(Ok(frame)));
                }
                Some(Ok(frame)) => {
                    self.gathered.extend_from_slice(&frame);
                    if self.gathered.len() >= FRAME_BYTES_MIN {
                        break;
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if self.gathered.is_empty() => return Poll::Ready(None),
                None => break,
            }
        }
        Poll::Ready(Some(Ok(self.gathered.split().freeze())))
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.unread.load(Ordering::Relaxed) > UNREAD_BYTES_MAX {
            return Poll::Ready(Some(Err("too much of the form is no field".into())));
        }
        let frame = ready!(self.gather(context));
        self.pause = true;
        if let Some(Ok(bytes)) = &frame {
            self.unread.fetch_add(bytes.len(), Ordering::Relaxed);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _, stream};

    use super::*;

    #[tokio::test]
    async fn small_frames_are_put_together_and_large_ones_are_not_copied() {
        let mut sizes = vec![1; 2 * FRAME_BYTES_MIN + 5];
        sizes.extend([3 * FRAME_BYTES_MIN, 7]);
        let frames = sizes
            .into_iter()
            .map(|size| std::io::Result::Ok(Bytes::from(vec![0; size])));
        let body = Body::from_stream(stream::iter(frames));
        let paced = Paced::new(body, Arc::default());
        let got: Vec<usize> = paced.map(|frame| frame.unwrap().len()).collect().await;
        let expected = [FRAME_BYTES_MIN, FRAME_BYTES_MIN, 5 + 3 * FRAME_BYTES_MIN, 7];
        assert_eq!(got, expected);
    }

    #[test]
    fn a_body_that_is_ready_is_read_one_frame_at_a_time() {
        let frame = Bytes::from(vec![0; FRAME_BYTES_MIN]);
        let frames = stream::iter([frame.clone(), frame.clone(), frame]);
        let body = Body::from_stream(frames.map(std::io::Result::Ok));
        let mut paced = Paced::new(body, Arc::default());
        for _ in 0..3 {
            assert!(paced.next().now_or_never().flatten().unwrap().is_ok());
            assert!(paced.next().now_or_never().is_none(), "two at once");
        }
        assert!(paced.next().now_or_never().unwrap().is_none());
    }

    #[tokio::test]
    async fn a_body_of_which_too_much_belongs_to_no_field_fails() {
        let frames = std::iter::repeat_n(Bytes::from(vec![0; FRAME_BYTES_MIN]), 1000);
        let body = Body::from_stream(stream::iter(frames.map(std::io::Result::Ok)));
        let mut paced = Paced::new(body, Arc::default());
        let mut bytes = 0;
        while let Some(Ok(frame)) = paced.next().await {
            bytes += frame.len();
        }
        assert!((UNREAD_BYTES_MAX..2 * UNREAD_BYTES_MAX).contains(&bytes));
    }
}
