//! The body of an accelerated response: as it was, already whole, or copied while it passes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};

use crate::NotStored;
use crate::accelerator::Push;
use crate::writer::Item;

/// What [`AcceleratorService`](crate::AcceleratorService) answers with.
pub struct AcceleratedBody<B: Body>(Shape<B>);

enum Shape<B: Body> {
    Plain(B),
    Whole(Option<Bytes>),
    Copied(B, Copy),
    /// Begun, and not to be stored after all: what was read, then what is left of it.
    Begun(Option<Bytes>, Rest<B>),
}

/// What follows the beginning of a body.
pub(crate) enum Rest<B: Body> {
    More(B),
    Fault(Option<B::Error>),
}

struct Copy {
    chunks: Vec<Bytes>,
    len: usize,
    len_max: usize,
    /// How long the body said it would be: a server may stop asking at this point.
    len_expected: Option<u64>,
    push: Option<Push>,
}

impl<B: Body> fmt::Debug for AcceleratedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Shape::Plain(_) => "AcceleratedBody::Plain",
            Shape::Whole(_) => "AcceleratedBody::Whole",
            Shape::Copied(..) => "AcceleratedBody::Copied",
            Shape::Begun(..) => "AcceleratedBody::Begun",
        })
    }
}

impl<B: Body<Data = Bytes>> AcceleratedBody<B> {
    pub(crate) fn plain(body: B) -> Self {
        Self(Shape::Plain(body))
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Shape::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    pub(crate) fn begun(bytes: Bytes, rest: Rest<B>) -> Self {
        Self(Shape::Begun(
            Some(bytes).filter(|bytes| !bytes.is_empty()),
            rest,
        ))
    }

    /// Copies the chunks (not their bytes) while they pass, and stores them when the last one has.
    pub(crate) fn copied(body: B, len_max: usize, push: Push) -> Self {
        let hint = body.size_hint();
        if hint.lower() > len_max as u64 {
            push.give_up(NotStored::TooLarge);
            return Self::plain(body);
        }
        let copy = Copy {
            chunks: Vec::new(),
            len: 0,
            len_max,
            len_expected: hint.exact(),
            push: Some(push),
        };
        let mut copied = Self(Shape::Copied(body, copy));
        if let Shape::Copied(body, copy) = &mut copied.0
            && body.is_end_stream()
        {
            copy.finish();
        }
        copied
    }
}

impl Copy {
    fn add(&mut self, chunk: &Bytes) {
        self.len += chunk.len();
        if self.len > self.len_max {
            self.chunks.clear();
            if let Some(push) = self.push.take() {
                push.give_up(NotStored::TooLarge);
            }
        } else if self.push.is_some() {
            self.chunks.push(chunk.clone());
        }
    }

    /// Stores the copy, if the body is as long as it said.
    fn finish(&mut self) {
        let is_whole = self
            .len_expected
            .is_none_or(|expected| expected == self.len as u64);
        // A push that is dropped counts itself as incomplete.
        if let Some(push) = self.push.take().filter(|_| is_whole) {
            let value = match self.chunks.as_mut_slice() {
                [only] => std::mem::take(only),
                chunks => {
                    let mut joined = BytesMut::with_capacity(self.len);
                    chunks
                        .iter()
                        .for_each(|chunk| joined.extend_from_slice(chunk));
                    joined.freeze()
                }
            };
            push.land(Item {
                value,
                is_gzip: false,
            });
        }
        self.chunks.clear();
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for AcceleratedBody<B>
where
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.get_mut().0 {
            Shape::Plain(body) => Pin::new(body).poll_frame(cx),
            Shape::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Shape::Begun(first, rest) => match (first.take(), rest) {
                (Some(first), _) => Poll::Ready(Some(Ok(Frame::data(first)))),
                (None, Rest::More(body)) => Pin::new(body).poll_frame(cx),
                (None, Rest::Fault(fault)) => Poll::Ready(fault.take().map(Err)),
            },
            Shape::Copied(body, copy) => {
                let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
                match &frame {
                    Some(Ok(frame)) => {
                        if let Some(chunk) = frame.data_ref() {
                            copy.add(chunk);
                        }
                        if body.is_end_stream() || copy.len_expected == Some(copy.len as u64) {
                            copy.finish();
                        }
                    }
                    Some(Err(_)) => copy.push = None,
                    None => copy.finish(),
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Shape::Plain(body) | Shape::Copied(body, _) => body.is_end_stream(),
            Shape::Whole(bytes) => bytes.is_none(),
            Shape::Begun(first, Rest::More(body)) => first.is_none() && body.is_end_stream(),
            Shape::Begun(first, Rest::Fault(fault)) => first.is_none() && fault.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Shape::Plain(body) | Shape::Copied(body, _) => body.size_hint(),
            Shape::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Shape::Begun(..) => SizeHint::default(),
        }
    }
}
