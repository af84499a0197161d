//! Builds keys and indexes over two connections. Only one of them works on a table: two would wait for each other's locks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgConnection;
use tokio::sync::Mutex;

use super::{Phase, Progress, RowCounts};
use crate::load;
use crate::schema::{self, Part, Statement};

/// One thing to build.
#[derive(Clone, Copy)]
enum Step {
    Build(&'static Statement),
    Validate(&'static Statement),
    Analyze(&'static str),
}

/// The keys or indexes of one table.
struct Work {
    steps: Vec<Step>,
    rows: u64,
}

/// Builds all keys, then all indexes.
pub(super) async fn all(
    [first, second]: [&mut PgConnection; 2],
    rows: &RowCounts,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> sqlx::Result<()> {
    let keys = work(rows, |table| {
        of_table(Part::Keys, table)
            .filter(|key| !key.is_foreign_key())
            .map(Step::Build)
            .collect()
    });
    run([&mut *first, &mut *second], keys, Phase::Keys, progress).await?;
    load::declare_foreign_keys(first).await?;
    let indexes = work(rows, |table| {
        let foreign_keys = of_table(Part::Keys, table)
            .filter(|key| key.is_foreign_key())
            .map(Step::Validate);
        let indexes = of_table(Part::Indexes, table).map(Step::Build);
        foreign_keys
            .chain(indexes)
            .chain([Step::Analyze(table)])
            .collect()
    });
    run([first, second], indexes, Phase::Indexes, progress).await
}

fn of_table(part: Part, table: &'static str) -> impl Iterator<Item = &'static Statement> {
    schema::statements(part).filter(move |statement| statement.table() == Some(table))
}

/// The work on every table, the most first, so that both connections end at about the same time.
fn work(rows: &RowCounts, steps: impl Fn(&'static str) -> Vec<Step>) -> VecDeque<Work> {
    let mut work: Vec<Work> = schema::tables()
        .map(|table| Work {
            steps: steps(table),
            rows: rows.get(table).copied().unwrap_or(0),
        })
        .collect();
    work.sort_by_key(|work| std::cmp::Reverse(work.rows * work.steps.len() as u64));
    work.into()
}

async fn run(
    [first, second]: [&mut PgConnection; 2],
    work: VecDeque<Work>,
    phase: Phase,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> sqlx::Result<()> {
    let total = work.iter().map(|work| work.steps.len() as u64).sum();
    let waiting = Mutex::new(work);
    let done = AtomicU64::new(0);
    progress(Progress {
        phase,
        done: 0,
        total,
    });
    let worker = async |connection: &mut PgConnection| -> sqlx::Result<()> {
        loop {
            let Some(work) = waiting.lock().await.pop_front() else {
                return Ok(());
            };
            for step in work.steps {
                step.run(connection).await?;
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                progress(Progress { phase, done, total });
            }
        }
    };
    tokio::try_join!(worker(first), worker(second))?;
    Ok(())
}

impl Step {
    async fn run(self, connection: &mut PgConnection) -> sqlx::Result<()> {
        match self {
            Self::Build(statement) => load::build(connection, statement).await,
            Self::Validate(key) => load::validate(connection, key).await,
            Self::Analyze(table) => load::analyze(connection, table).await,
        }
    }
}
