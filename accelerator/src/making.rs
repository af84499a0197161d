//! How a handler's answer becomes a file for everybody, or the answer for one visitor that it was.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Response, response};
use http_body::Body;
use tokio::time::Instant;

use crate::body::{AcceleratedBody, Rest};
use crate::cache_status::{self, Shared};
use crate::judge::{Asked, judge};
use crate::made::Made;
use crate::media::Media;
use crate::{Accelerator, Key, NotStored, Policy, StoredFor, headers};

/// An answer for one visitor, and why it is not for everybody.
pub(crate) type Refused<B> = (Response<AcceleratedBody<B>>, NotStored);

/// Makes a file for everybody of a handler's answer; or an answer for one visitor, and the reason.
pub(crate) async fn make<B>(
    accelerator: &Accelerator,
    asked: &Asked,
    answer: Response<B>,
) -> Result<Made, Refused<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (mut parts, body) = answer.into_parts();
    headers::assert_none_by_hand(&parts.headers);
    let (key, media) = match judge(asked, &parts) {
        Ok(judged) => judged,
        Err(reason) => {
            headers::write(asked, &mut parts);
            let status = cache_status::of_other(asked, reason);
            cache_status::say_miss(&mut parts.headers, status);
            let body = if headers::is_not_modified(asked, &mut parts) {
                AcceleratedBody::whole(Bytes::new())
            } else {
                AcceleratedBody::plain(body)
            };
            return Err((Response::from_parts(parts, body), reason));
        }
    };
    // From now on, and not from when a server takes it.
    let (answered, life) = (Instant::now(), parts.extensions.get::<StoredFor>().copied());
    let policy = parts
        .extensions
        .get::<Policy>()
        .copied()
        .unwrap_or_default();
    let said = headers::content_length(&parts.headers);
    let plain = match gather(body, said, accelerator.item_len_max()).await {
        Ok(plain) => plain,
        Err((begun, rest)) => return Err(too_much(parts, (&key, policy, media), begun, rest)),
    };
    let squeezed = if media.is_text {
        accelerator.press().squeeze(&key, &plain).await
    } else {
        None
    };
    Ok(Made {
        key,
        policy,
        media,
        plain,
        squeezed,
        stored_until: life.and_then(|life| answered.checked_add(life.0)),
    })
}

/// Answers with a file that is too long for an item, or broke off: what was read, and the rest of it.
fn too_much<B>(
    mut parts: response::Parts,
    (key, policy, media): (&Key, Policy, Media),
    begun: Bytes,
    rest: Rest<B>,
) -> Refused<B>
where
    B: Body<Data = Bytes>,
{
    let reason = match rest {
        Rest::More(_) => NotStored::TooLarge,
        Rest::Fault(_) => NotStored::Incomplete,
    };
    let length = parts.headers.remove(CONTENT_LENGTH);
    parts.headers = headers::of_file(key, policy, media);
    parts
        .headers
        .extend(length.map(|length| (CONTENT_LENGTH, length)));
    let status = cache_status::of_file(key, Shared::Not(reason));
    cache_status::say_miss(&mut parts.headers, status);
    let body = AcceleratedBody::begun(begun, rest);
    (Response::from_parts(parts, body), reason)
}

/// Reads a body to its end; or returns what was read when it is too long, or not as long as it said.
async fn gather<B>(
    mut body: B,
    said: Option<u64>,
    len_max: usize,
) -> Result<Bytes, (Bytes, Rest<B>)>
where
    B: Body<Data = Bytes> + Unpin,
{
    let hint = body.size_hint();
    if hint.lower() > len_max as u64 {
        return Err((Bytes::new(), Rest::More(body)));
    }
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        if first.len() + more.len() > len_max {
            return Err((joined(first, &more), Rest::More(body)));
        }
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            None => {
                let whole = joined(first, &more);
                let expected = said.or(hint.exact()).unwrap_or(whole.len() as u64);
                return if expected == whole.len() as u64 {
                    Ok(whole)
                } else {
                    Err((whole, Rest::Fault(None)))
                };
            }
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
