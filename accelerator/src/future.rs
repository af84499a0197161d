//! What happens between a handler's answer and the response.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, ETAG};
use http::{HeaderValue, Response, response};
use http_body::Body;

use crate::accelerator::Push;
use crate::body::{AcceleratedBody, Rest};
use crate::judge::{Asked, judge};
use crate::writer::Item;
use crate::{Accelerator, Key, NotStored, headers};

/// The future of an [`AcceleratorService`](crate::AcceleratorService).
pub type ResponseFuture<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<AcceleratedBody<B>>, E>> + Send>>;

/// Judges a response, writes its headers, and sends a copy of what may be stored on its way.
pub(crate) async fn finish<B>(
    accelerator: &Accelerator,
    asked: Asked,
    push: Result<Push, NotStored>,
    response: Response<B>,
) -> Response<AcceleratedBody<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (mut parts, body) = response.into_parts();
    let verdict = judge(&asked, &parts);
    headers::write(
        &asked,
        &mut parts,
        verdict.as_ref().ok().map(|(_, media)| *media),
    );
    if headers::is_not_modified(&asked, &mut parts) {
        refuse(accelerator, push, NotStored::Status);
        return Response::from_parts(parts, AcceleratedBody::whole(Bytes::new()));
    }
    let body = match (verdict, push) {
        (Err(reason), push) => {
            refuse(accelerator, push, reason);
            AcceleratedBody::plain(body)
        }
        // A stream of unknown length is gathered too: a hit says its length, so the miss must.
        (Ok((key, media)), push) if media.is_text || body.size_hint().exact().is_none() => {
            let text = media.is_text.then_some(&key);
            gathered(accelerator, &asked, push, text, &mut parts, body).await
        }
        (Ok(_), Ok(push)) => AcceleratedBody::copied(body, accelerator.item_len_max(), push),
        (Ok(_), Err(reason)) => {
            accelerator.not_stored(reason);
            AcceleratedBody::plain(body)
        }
    };
    Response::from_parts(parts, body)
}

/// Counts the reason, once, whether or not the right to store was taken.
fn refuse(accelerator: &Accelerator, push: Result<Push, NotStored>, reason: NotStored) {
    match push {
        Ok(push) => push.give_up(reason),
        Err(_) => accelerator.not_stored(reason),
    }
}

/// Gathers a body, stores it, and answers with it; a text gzipped, if the client accepts that.
///
/// The first visitor gets the same gzipped bytes as all after him: hit and miss are equal.
async fn gathered<B>(
    accelerator: &Accelerator,
    asked: &Asked,
    push: Result<Push, NotStored>,
    text: Option<&Key>,
    parts: &mut response::Parts,
    body: B,
) -> AcceleratedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    let plain = match gather(body, accelerator.item_len_max()).await {
        Ok(plain) => plain,
        Err((begun, rest)) => {
            let reason = match rest {
                Rest::More(_) => NotStored::TooLarge,
                Rest::Fault(_) => NotStored::Incomplete,
            };
            refuse(accelerator, push, reason);
            return AcceleratedBody::begun(begun, rest);
        }
    };
    let squeezed = match text {
        Some(key) => accelerator.press().squeeze(key, &plain).await,
        None => None,
    };
    let item = Item {
        is_gzip: squeezed.is_some(),
        value: squeezed.unwrap_or_else(|| plain.clone()),
    };
    match push {
        Ok(push) => push.land(item.clone()),
        Err(reason) => accelerator.not_stored(reason),
    }
    let bytes = if item.is_gzip && asked.accepts_gzip {
        parts
            .headers
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        item.value
    } else {
        if item.is_gzip {
            weaken_etag(parts);
        }
        plain
    };
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    AcceleratedBody::whole(bytes)
}

/// The strong tag belongs to the gzipped bytes; nginx weakens it as well when it inflates them.
fn weaken_etag(parts: &mut response::Parts) {
    let weak = parts
        .headers
        .get(ETAG)
        .map(|etag| [b"W/", etag.as_bytes()].concat());
    if let Some(Ok(weak)) = weak.map(|weak| HeaderValue::from_bytes(&weak)) {
        parts.headers.insert(ETAG, weak);
    }
}

/// Reads a body to its end; or returns what was read when it is too long or breaks off.
async fn gather<B>(mut body: B, len_max: usize) -> Result<Bytes, (Bytes, Rest<B>)>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        if first.len() + more.len() > len_max {
            return Err((joined(first, &more), Rest::More(body)));
        }
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            None => return Ok(joined(first, &more)),
            Some(Err(fault)) => return Err((joined(first, &more), Rest::Fault(Some(fault)))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(chunk) if first.is_empty() => first = chunk,
                Ok(chunk) => more.extend_from_slice(&chunk),
                // Trailers mean nothing to a file.
                Err(_) => {}
            },
        }
    }
}

/// Most bodies are one chunk, which need not be copied.
fn joined(first: Bytes, more: &[u8]) -> Bytes {
    if more.is_empty() {
        first
    } else {
        [&first, more].concat().into()
    }
}
