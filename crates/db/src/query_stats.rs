//! The database statistics of a request: how many statements it sent, and how long it waited for them.
//!
//! They are in a task-local of the request: every function of `db` passes its statement through [`counted`].

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

/// The database statistics of one request.
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

/// Runs a request and returns its database statistics.
pub async fn of<F: Future>(request: F) -> (F::Output, QueryStats) {
    QUERY_STATS
        .scope(Cell::new(QueryStats::default()), async {
            let output = request.await;
            (output, QUERY_STATS.with(Cell::get))
        })
        .await
}

/// Runs a statement and counts it; outside a request only runs it.
pub(super) async fn counted<F: Future>(statement: F) -> F::Output {
    let begin = Instant::now();
    let output = statement.await;
    // Outside of a request (jobs, commands) there are no statistics.
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
