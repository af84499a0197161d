//! The way from a request to its response.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body::Body;
use tower::Service;

use crate::accelerator::Accelerator;
use crate::body::AcceleratedBody;
use crate::cache_status::Miss;
use crate::cacheable::{CachedFile, Outcome, Unshareable, cacheable};
use crate::not_stored::NotStored;
use crate::push::Push;
use crate::request::RequestInfo;
use crate::single_flight::Join;

/// The future of an [`AcceleratorService`](crate::AcceleratorService).
pub type ResponseFuture<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<AcceleratedBody<B>>, E>> + Send>>;

/// How often a request joins a flight before it runs its handler alone.
///
/// Twice, because a purge in between sends all followers back to the start, where one leader is enough again.
const JOINS_MAX: usize = 2;

/// Answers a request. Concurrent requests for one file share one run of the handler.
pub(crate) async fn respond<S, In, Out>(
    accelerator: Accelerator,
    inner: S,
    request: Request<In>,
    info: RequestInfo,
) -> Result<Response<AcceleratedBody<Out>>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>> + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    In: Send + 'static,
    Out: Body<Data = Bytes> + Send + Unpin + 'static,
    Out::Error: Send,
{
    let mut input = (inner, request);
    for _ in 0..JOINS_MAX {
        // Without servers no response is shared: a site without memcached must not look faster than it is because
        // concurrent requests share one response.
        let Some(key) = info.shareable_key().filter(|_| accelerator.has_servers()) else {
            break;
        };
        // Where the leader's computation leaves a response that must not be shared.
        let unshared = Unshared::default();
        let join = accelerator
            .single_flight()
            .join(key, input, |(inner, request), permit| {
                let push = Push::new(accelerator.clone(), permit);
                let (info, unshared, panicked) = (info.clone(), unshared.clone(), unshared.clone());
                let outcome = lead(accelerator.clone(), push, inner, request, info, unshared);
                // The leader's request panics with the handler; the followers learn that there is nothing to share.
                AssertUnwindSafe(outcome)
                    .catch_unwind()
                    .map(move |outcome| {
                        outcome.unwrap_or_else(|panic| {
                            panicked.put(Err(panic));
                            None
                        })
                    })
            });
        match join {
            Join::Leader(computation) => {
                return match computation.await {
                    Some(Outcome {
                        file,
                        stored: Err(NotStored::NoLongerCurrent),
                    }) => {
                        let is_current = accelerator.still_current(key.path()).await;
                        Ok(file.response_after_purge(&info, is_current))
                    }
                    Some(Outcome { file, stored }) => {
                        let miss = stored.map_or_else(Miss::NotStored, |()| Miss::Stored);
                        Ok(file.response(&info, miss))
                    }
                    None => unshared.take(),
                };
            }
            Join::Follower(mut follower, returned) => {
                input = returned;
                let Some(Outcome { file, .. }) = follower.wait().await else {
                    // The leader's response was not shareable; handle this request alone.
                    break;
                };
                // The leader may have read what was deleted since, so ask once more.
                if accelerator.still_current(key.path()).await && !follower.is_revoked() {
                    accelerator.counters().collapsed();
                    return Ok(file.response(&info, Miss::Collapsed));
                }
            }
        }
    }
    let (mut inner, request) = input;
    let response = inner.call(request).await?;
    if info.invalidates(response.status())
        && let Some(key) = &info.key
    {
        // An unconfirmed purge is counted, and retried as soon as the server answers.
        let _report = accelerator.purge([key.path()]).await;
    }
    Ok(alone(&accelerator, &info, response).await)
}

/// Carries a response that must not be shared from the computation to the leader's request.
struct Unshared<B: Body, E>(Arc<Mutex<Option<UnsharedResponse<B, E>>>>);

/// A response, or the panic that took its place.
type UnsharedResponse<B, E> = std::thread::Result<Result<Response<AcceleratedBody<B>>, E>>;

impl<B: Body, E> Default for Unshared<B, E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<B: Body, E> Clone for Unshared<B, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: Body, E> Unshared<B, E> {
    fn put(&self, response: UnsharedResponse<B, E>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
    }

    fn take(&self) -> Result<Response<AcceleratedBody<B>>, E> {
        let response = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        response
            .expect("a computation without a shared value puts its response here, and only the leader takes it")
            .unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Runs the handler for all requests of a flight, and queues the file for memcached.
async fn lead<S, In, Out>(
    accelerator: Accelerator,
    push: Push,
    mut inner: S,
    request: Request<In>,
    info: RequestInfo,
    unshared: Unshared<Out, S::Error>,
) -> Option<Outcome>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Body<Data = Bytes> + Unpin,
{
    let result = match inner.call(request).await {
        Ok(response) => to_file(&accelerator, &info, response).await,
        Err(error) => {
            push.cancel(NotStored::Status);
            unshared.put(Ok(Err(error)));
            return None;
        }
    };
    match result {
        Ok(file) => Some(push.store(file)),
        Err(Unshareable { response, reason }) => {
            push.cancel(reason);
            unshared.put(Ok(Ok(response)));
            None
        }
    }
}

/// Turns a response into a file within this accelerator's limits; see [`cacheable`].
async fn to_file<B>(
    accelerator: &Accelerator,
    info: &RequestInfo,
    response: Response<B>,
) -> Result<CachedFile, Unshareable<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let item_len_max = accelerator.options().item_len_max;
    cacheable(accelerator.compressor(), item_len_max, info, response).await
}

/// Builds a response that is not shared, and counts the reason.
async fn alone<B>(
    accelerator: &Accelerator,
    info: &RequestInfo,
    response: Response<B>,
) -> Response<AcceleratedBody<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (response, reason) = match to_file(accelerator, info, response).await {
        Ok(file) => {
            let reason = match accelerator.has_servers() {
                true => NotStored::InFlight,
                false => NotStored::Disabled,
            };
            (file.response(info, Miss::NotStored(reason)), reason)
        }
        Err(Unshareable { response, reason }) => (response, reason),
    };
    accelerator.counters().not_stored(reason);
    response
}
