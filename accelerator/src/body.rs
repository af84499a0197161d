//! The body of an accelerated response: unchanged, already whole, or partly read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The response body of an [`AcceleratorService`](crate::AcceleratorService).
pub struct AcceleratedBody<B: Body>(Shape<B>);

enum Shape<B: Body> {
    Plain(B),
    Whole(Option<Bytes>),
    /// Partly read, and not stored after all: what was read, then the rest of it.
    Begun(Option<Bytes>, Rest<B>),
}

/// What follows the part of a body that was read.
pub(crate) enum Rest<B: Body> {
    More(B),
    Error(Option<B::Error>),
}

impl<B: Body> fmt::Debug for AcceleratedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Shape::Plain(_) => "AcceleratedBody::Plain",
            Shape::Whole(_) => "AcceleratedBody::Whole",
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
                (None, Rest::Error(error)) => Poll::Ready(error.take().map(Err)),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Shape::Plain(body) => body.is_end_stream(),
            Shape::Whole(bytes) => bytes.is_none(),
            Shape::Begun(first, Rest::More(body)) => first.is_none() && body.is_end_stream(),
            Shape::Begun(first, Rest::Error(error)) => first.is_none() && error.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Shape::Plain(body) => body.size_hint(),
            Shape::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Shape::Begun(..) => SizeHint::default(),
        }
    }
}
