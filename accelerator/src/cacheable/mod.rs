//! A handler's response becomes a file that all clients may have, or stays a response for one client.

mod file;

use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Response, response};
use http_body::Body;
use tokio::time::Instant;

use crate::body::{AcceleratedBody, Rest};
use crate::cache_status::{self, Miss};
use crate::gzip::Compressor;
use crate::headers;
use crate::key::Key;
use crate::media::Media;
use crate::not_stored::NotStored;
use crate::policy::{Policy, StoredFor};
use crate::request::RequestInfo;
use crate::single_flight;
use crate::storable::storable;

pub(crate) use file::{CachedFile, Outcome};

/// The right to store one file.
pub(crate) type Permit = single_flight::Permit<Key, Outcome>;

/// A response for one client, and why it may not be shared.
pub(crate) struct Unshareable<B: Body> {
    pub(crate) response: Response<AcceleratedBody<B>>,
    pub(crate) reason: NotStored,
}

/// Reads a response that may be stored into a file; returns any other as a response for one client.
pub(crate) async fn cacheable<B>(
    compressor: &Compressor,
    item_len_max: usize,
    info: &RequestInfo,
    response: Response<B>,
) -> Result<CachedFile, Unshareable<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (mut parts, body) = response.into_parts();
    headers::assert_none_by_hand(&parts.headers);
    let (key, media) = match storable(info, &parts) {
        Ok(storable) => storable,
        Err(reason) => return Err(unstorable(parts, body, info, reason)),
    };
    // The lifetime counts from here, not from when a server takes the item.
    let (answered, life) = (Instant::now(), parts.extensions.get::<StoredFor>().copied());
    let policy = Policy::of(&parts);
    let content_length = headers::content_length(&parts.headers);
    let plain = match read_whole(body, content_length, item_len_max).await {
        Ok(plain) => plain,
        Err((begun, rest)) => {
            parts.headers = file_headers(parts.headers, &key, policy, media);
            return Err(not_whole(parts, &key, begun, rest));
        }
    };
    let gzipped = if media.is_text {
        compressor.compress(&key, &plain).await
    } else {
        None
    };
    Ok(CachedFile {
        key,
        policy,
        media,
        plain,
        gzipped,
        stored_until: life.and_then(|life| answered.checked_add(life.0)),
    })
}

/// Returns a response that may not be stored, with the headers of its policy.
fn unstorable<B>(
    mut parts: response::Parts,
    body: B,
    info: &RequestInfo,
    reason: NotStored,
) -> Unshareable<B>
where
    B: Body<Data = Bytes>,
{
    headers::write(info, &mut parts);
    let status = cache_status::of_other(info, reason);
    cache_status::write_miss(&mut parts.headers, status);
    let body = if headers::is_not_modified(info, &mut parts) {
        AcceleratedBody::whole(Bytes::new())
    } else {
        AcceleratedBody::plain(body)
    };
    Unshareable {
        response: Response::from_parts(parts, body),
        reason,
    }
}

/// Returns a file that is too long for an item, or broke off: what was read, and then the rest of it.
fn not_whole<B>(
    mut parts: response::Parts,
    key: &Key,
    begun: Bytes,
    rest: Rest<B>,
) -> Unshareable<B>
where
    B: Body<Data = Bytes>,
{
    let reason = match rest {
        Rest::More(_) => NotStored::TooLarge,
        Rest::Error(_) => NotStored::Incomplete,
    };
    let status = cache_status::of_file(key, Miss::NotStored(reason));
    cache_status::write_miss(&mut parts.headers, status);
    let body = AcceleratedBody::begun(begun, rest);
    Unshareable {
        response: Response::from_parts(parts, body),
        reason,
    }
}

/// Returns the headers of a file, with the length that its handler wrote.
fn file_headers(
    mut written: http::HeaderMap,
    key: &Key,
    policy: Policy,
    media: Media,
) -> http::HeaderMap {
    let length = written.remove(CONTENT_LENGTH);
    let mut headers = headers::of_file(key, policy, media);
    headers.extend(length.map(|length| (CONTENT_LENGTH, length)));
    headers
}

/// Reads a body to its end; returns what was read if it is too long, or shorter or longer than announced.
async fn read_whole<B>(
    mut body: B,
    content_length: Option<u64>,
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
                let len = whole.len() as u64;
                let announced = content_length.or(hint.exact()).unwrap_or(len);
                return if announced == len {
                    Ok(whole)
                } else {
                    Err((whole, Rest::Error(None)))
                };
            }
            Some(Err(error)) => return Err((joined(first, &more), Rest::Error(Some(error)))),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(chunk) if first.is_empty() => first = chunk,
                Ok(chunk) => more.extend_from_slice(&chunk),
                // A file has no use for trailers.
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
