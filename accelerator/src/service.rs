//! The service that [`AcceleratorLayer`](crate::AcceleratorLayer) makes.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower::Service;

use crate::future::{self, ResponseFuture};
use crate::judge::Asked;
use crate::{AcceleratedBody, Accelerator, NotStored};

/// Calls the inner service, then writes headers and stores.
#[derive(Clone, Debug)]
pub struct AcceleratorService<S> {
    inner: S,
    accelerator: Accelerator,
}

impl<S> AcceleratorService<S> {
    pub(crate) fn new(inner: S, accelerator: Accelerator) -> Self {
        Self { inner, accelerator }
    }
}

impl<S, In, Out> Service<Request<In>> for AcceleratorService<S>
where
    S: Service<Request<In>, Response = Response<Out>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    Out: Body<Data = Bytes> + Send + Unpin + 'static,
    Out::Error: Send + Unpin,
{
    type Response = Response<AcceleratedBody<Out>>;
    type Error = S::Error;
    type Future = ResponseFuture<Out, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<In>) -> Self::Future {
        let asked = Asked::of(&mut request);
        let push = match &asked.key {
            None => Err(NotStored::NotAddressable),
            Some(_) if asked.method != Method::GET => Err(NotStored::Method),
            Some(key) => self.accelerator.take_off(key),
        };
        let answer = self.inner.call(request);
        let accelerator = self.accelerator.clone();
        Box::pin(async move { Ok(future::finish(&accelerator, asked, push, answer.await?).await) })
    }
}
