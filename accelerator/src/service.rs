//! The service that [`AcceleratorLayer`](crate::AcceleratorLayer) creates.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::Service;

use crate::accelerator::Accelerator;
use crate::body::AcceleratedBody;
use crate::future::{self, ResponseFuture};
use crate::request::RequestInfo;

/// Calls the inner service, writes headers and stores.
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
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    In: Send + 'static,
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
        let info = RequestInfo::of(&mut request);
        // The service that is ready goes with the request, which may have to wait for another request first.
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        Box::pin(future::respond(
            self.accelerator.clone(),
            ready,
            request,
            info,
        ))
    }
}
