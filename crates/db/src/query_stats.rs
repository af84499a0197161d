//! What a page costs the database: how many statements, and how long it waited for them.
//!
//! The count belongs to the request that is being answered, so it lives in a task-local: every
//! function of `db` passes its statement through [`counted`].

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

/// What one request has asked of the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryStats {
    /// How many statements were sent.
    pub queries: u32,
    /// How long the request waited for them in all, waiting for a connection included.
    pub waited: Duration,
}

tokio::task_local! {
    static QUERY_STATS: Cell<QueryStats>;
}

/// Runs a request and says what it asked of the database.
pub async fn of<F: Future>(request: F) -> (F::Output, QueryStats) {
    QUERY_STATS
        .scope(Cell::new(QueryStats::default()), async {
            let output = request.await;
            (output, QUERY_STATS.with(Cell::get))
        })
        .await
}

/// Counts one statement; outside a request it only runs it.
pub(super) async fn counted<F: Future>(statement: F) -> F::Output {
    let begin = Instant::now();
    let output = statement.await;
    // Outside of a request (jobs, commands) there is nobody to tell.
    let _ = QUERY_STATS.try_with(|cost| {
        let so_far = cost.get();
        cost.set(QueryStats {
            queries: so_far.queries + 1,
            waited: so_far.waited + begin.elapsed(),
        });
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn statements_of_one_request_are_counted_together() {
        let (answer, cost) =
            of(async { counted(async { 1 }).await + counted(async { 2 }).await }).await;
        assert_eq!((answer, cost.queries), (3, 2));
        assert_eq!(counted(async { 7 }).await, 7);
    }
}
