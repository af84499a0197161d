//! What happens between a request and its response.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body::Body;
use tower::Service;

use crate::accelerator::Push;
use crate::body::AcceleratedBody;
use crate::cache_status::Shared;
use crate::flights::Seat;
use crate::judge::Asked;
use crate::made::Done;
use crate::making::make;
use crate::{Accelerator, NotStored};

/// The future of an [`AcceleratorService`](crate::AcceleratorService).
pub type ResponseFuture<B, E> =
    Pin<Box<dyn Future<Output = Result<Response<AcceleratedBody<B>>, E>> + Send>>;

/// How often a request joins others before it makes its answer alone.
///
/// Twice, because a purge in between sends all who waited back to the start, where one of them is enough again.
const JOINS_MAX: usize = 2;

/// Answers a request: a file is made once for all who ask for it at the same time.
pub(crate) async fn answer<S, In, Out>(
    accelerator: Accelerator,
    inner: S,
    request: Request<In>,
    asked: Asked,
) -> Result<Response<AcceleratedBody<Out>>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>> + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    In: Send + 'static,
    Out: Body<Data = Bytes> + Send + Unpin + 'static,
    Out::Error: Send,
{
    let mut ingredients = (inner, request);
    for _ in 0..JOINS_MAX {
        // Where nothing is kept, an answer is for who asked: a version without memcached must not look faster
        // than it is because visitors who ask at the same time share one.
        let Some(key) = asked.key_to_share().filter(|_| accelerator.has_servers()) else {
            break;
        };
        // Where the first of several leaves an answer that is for nobody else.
        let own = Own::default();
        let seat = accelerator
            .flights()
            .join(key, ingredients, |(inner, request), flight| {
                let push = accelerator.push(flight);
                let (asked, own, left) = (asked.clone(), own.clone(), own.clone());
                let made = make_for_all(accelerator.clone(), push, inner, request, asked, own);
                // A panic is for whoever asked first; the others must hear that there is nothing to share.
                AssertUnwindSafe(made).catch_unwind().map(move |made| {
                    made.unwrap_or_else(|panic| {
                        left.leave(Err(panic));
                        None
                    })
                })
            });
        match seat {
            Seat::First(making) => {
                return match making.await {
                    Some(Done {
                        made,
                        stored: Err(NotStored::NoLongerCurrent),
                    }) => {
                        let is_current = accelerator.still_current(key.path()).await;
                        Ok(made.purged_meanwhile(&asked, is_current))
                    }
                    Some(Done { made, stored }) => {
                        let shared = stored.map_or_else(Shared::Not, |()| Shared::Stored);
                        Ok(made.answer(&asked, shared))
                    }
                    None => own.take(),
                };
            }
            Seat::Later(mut later, given_back) => {
                ingredients = given_back;
                let Some(Done { made, .. }) = later.wait().await else {
                    // Not for everybody: nobody waits for nobody.
                    break;
                };
                // The other one may have looked at what is deleted since: so ask once more.
                if accelerator.still_current(key.path()).await && !later.is_purged() {
                    accelerator.collapsed();
                    return Ok(made.answer(&asked, Shared::Collapsed));
                }
            }
        }
    }
    let (mut inner, request) = ingredients;
    let answer = inner.call(request).await?;
    if asked.invalidates(answer.status())
        && let Some(key) = &asked.key
    {
        // What a server did not confirm is counted, and made up for as soon as it answers.
        let _report = accelerator.purge([key.path()]).await;
    }
    Ok(alone(&accelerator, &asked, answer).await)
}

/// An answer that is for one visitor, on its way from the computation to the request that began it.
struct Own<B: Body, E>(Arc<Mutex<Option<OwnAnswer<B, E>>>>);

/// An answer, or the panic that came in its place.
type OwnAnswer<B, E> = std::thread::Result<Result<Response<AcceleratedBody<B>>, E>>;

impl<B: Body, E> Default for Own<B, E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<B: Body, E> Clone for Own<B, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B: Body, E> Own<B, E> {
    fn leave(&self, answer: OwnAnswer<B, E>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take(&self) -> Result<Response<AcceleratedBody<B>>, E> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer
            .expect("what is not shared was left here, and nobody else takes it")
            .unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Makes a file for all who wait for it, and sends it on its way to memcached.
async fn make_for_all<S, In, Out>(
    accelerator: Accelerator,
    push: Push,
    mut inner: S,
    request: Request<In>,
    asked: Asked,
    own: Own<Out, S::Error>,
) -> Option<Done>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Body<Data = Bytes> + Unpin,
{
    let answer = match inner.call(request).await {
        Ok(answer) => make(&accelerator, &asked, answer).await,
        Err(error) => {
            push.give_up(NotStored::Status);
            own.leave(Ok(Err(error)));
            return None;
        }
    };
    match answer {
        Ok(made) => Some(push.land(made)),
        Err((answer, reason)) => {
            push.give_up(reason);
            own.leave(Ok(Ok(answer)));
            None
        }
    }
}

/// Answers a request whose answer is not shared, and counts why.
async fn alone<B>(
    accelerator: &Accelerator,
    asked: &Asked,
    answer: Response<B>,
) -> Response<AcceleratedBody<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (answer, reason) = match make(accelerator, asked, answer).await {
        Ok(made) => {
            let reason = match accelerator.has_servers() {
                true => NotStored::InFlight,
                false => NotStored::Disabled,
            };
            (made.answer(asked, Shared::Not(reason)), reason)
        }
        Err(refused) => refused,
    };
    accelerator.not_stored(reason);
    answer
}
