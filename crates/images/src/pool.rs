//! A pool of render threads with two queues, one for each priority.
//!
//! The pool has its own threads, because decoding and drawing use the CPU for milliseconds at a time: on the async
//! threads that would delay pages, on tokio's blocking threads up to 512 jobs would run at once. The threads have a
//! lower scheduling priority (nice), and renders for visitors run before warm-up renders.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};

/// How urgent a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// No request waits for it: it is rendered ahead.
    WarmUp,
    /// A request waits for it.
    Visitor,
}

/// The queue is full: retry later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Names a job while it is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JobId(u64);

/// The threads start with the first job: a CGI process that serves one request and renders nothing should not start
/// them. When the pool is dropped they finish their current jobs and end; queued jobs are dropped.
#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: Threads,
    started: Once,
    /// How many jobs of each priority may be queued.
    queue_len_max: usize,
}

/// The threads of a pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threads {
    /// Their name in lists of threads; at most 11 bytes, because Linux keeps 15 and a number follows.
    pub(super) name: &'static str,
    /// How many threads.
    pub(super) count: usize,
    /// Their niceness: how far they give way to other threads of the machine.
    pub(super) niceness: i32,
}

#[derive(Debug, Default)]
struct Shared {
    queues: Mutex<Queues>,
    changed: Condvar,
}

#[derive(Default)]
struct Queues {
    visitors: VecDeque<Job>,
    warm_up: VecDeque<Job>,
    jobs_seen: u64,
    closed: bool,
}

struct Job {
    id: JobId,
    work: Box<dyn FnOnce() + Send>,
}

impl Pool {
    pub(super) fn new(threads: Threads, queue_len_max: usize) -> Self {
        Self {
            shared: Arc::default(),
            threads,
            started: Once::new(),
            queue_len_max,
        }
    }

    /// Starts the threads. If some cannot be started, the others do the work; if none can, requests for pictures end
    /// with their timeout (503).
    fn start(&self) {
        let Threads {
            name,
            count,
            niceness,
        } = self.threads;
        for number in 0..count.max(1) {
            let shared = Arc::clone(&self.shared);
            let spawned = std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    // On Linux this sets the calling thread alone. The thread works also if it is not permitted.
                    let _ = rustix::process::nice(niceness);
                    shared.work();
                });
            if let Err(error) = spawned {
                tracing::error!(%error, name, "cannot start a thread of the pool");
            }
        }
    }

    /// Queues a job.
    pub(super) fn submit(
        &self,
        priority: Priority,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<JobId, Full> {
        self.started.call_once(|| self.start());
        let mut queues = self.shared.queues();
        let id = JobId(queues.jobs_seen);
        let queue = queues.queue(priority);
        if queue.len() >= self.queue_len_max {
            return Err(Full);
        }
        queue.push_back(Job {
            id,
            work: Box::new(work),
        });
        queues.jobs_seen += 1;
        drop(queues);
        self.shared.changed.notify_one();
        Ok(id)
    }

    /// Moves a warm-up job to the visitors' queue, because a request waits for it now. Does nothing if the job is no
    /// longer queued, or if the visitors' queue is full.
    pub(super) fn promote(&self, id: JobId) {
        let mut queues = self.shared.queues();
        if queues.visitors.len() < self.queue_len_max
            && let Some(place) = queues.warm_up.iter().position(|job| job.id == id)
            && let Some(job) = queues.warm_up.remove(place)
        {
            queues.visitors.push_back(job);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut queues = self.shared.queues();
        queues.closed = true;
        let dropped = (
            std::mem::take(&mut queues.visitors),
            std::mem::take(&mut queues.warm_up),
        );
        drop(queues);
        self.shared.changed.notify_all();
        // Outside the lock: dropping what a job owns may run any code.
        drop(dropped);
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // A panic fails this picture only: it drops the job's sender, which ends the waiting requests, and the
            // thread goes on.
            let _ = catch_unwind(AssertUnwindSafe(job.work));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queues = self.queues();
        loop {
            if queues.closed {
                return None;
            }
            let job = queues.visitors.pop_front();
            if let Some(job) = job.or_else(|| queues.warm_up.pop_front()) {
                return Some(job);
            }
            queues = self
                .changed
                .wait(queues)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queues {
    fn queue(&mut self, priority: Priority) -> &mut VecDeque<Job> {
        match priority {
            Priority::Visitor => &mut self.visitors,
            Priority::WarmUp => &mut self.warm_up,
        }
    }
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues")
            .field("visitors", &self.visitors.len())
            .field("warm_up", &self.warm_up.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    const ONE: Threads = Threads {
        name: "test",
        count: 1,
        niceness: 0,
    };

    /// A pool of one thread, busy until the sender is dropped.
    fn busy_pool(queue_len_max: usize) -> (Pool, Sender<()>) {
        let pool = Pool::new(ONE, queue_len_max);
        let (release, held) = channel::<()>();
        let (sender, started) = channel();
        pool.submit(Priority::Visitor, move || {
            sender.send(()).unwrap();
            let _ = held.recv();
        })
        .unwrap();
        started.recv().unwrap();
        (pool, release)
    }

    fn note(sender: &Sender<&'static str>, word: &'static str) -> impl FnOnce() + Send + 'static {
        let sender = sender.clone();
        move || sender.send(word).unwrap()
    }

    fn all(receiver: &Receiver<&'static str>, count: usize) -> Vec<&'static str> {
        (0..count).map(|_| receiver.recv().unwrap()).collect()
    }

    #[test]
    fn visitors_go_first_and_so_does_what_they_come_to_wait_for() {
        let (pool, release) = busy_pool(10);
        let (done, order) = channel();
        pool.submit(Priority::WarmUp, note(&done, "ahead 1"))
            .unwrap();
        let wanted = pool
            .submit(Priority::WarmUp, note(&done, "ahead 2"))
            .unwrap();
        pool.submit(Priority::Visitor, note(&done, "visitor"))
            .unwrap();
        pool.promote(wanted);
        drop(release);
        assert_eq!(all(&order, 3), ["visitor", "ahead 2", "ahead 1"]);
    }

    #[test]
    fn the_line_has_an_end() {
        let (pool, release) = busy_pool(2);
        for _ in 0..2 {
            pool.submit(Priority::WarmUp, || ()).unwrap();
        }
        assert_eq!(pool.submit(Priority::WarmUp, || ()), Err(Full));
        assert!(pool.submit(Priority::Visitor, || ()).is_ok());
        drop(release);
    }

    #[test]
    fn a_panic_costs_one_job_and_no_thread() {
        let pool = Pool::new(ONE, 10);
        let (done, order) = channel();
        pool.submit(Priority::Visitor, || panic!("as a test"))
            .unwrap();
        pool.submit(Priority::Visitor, note(&done, "next")).unwrap();
        assert_eq!(all(&order, 1), ["next"]);
    }

    #[test]
    fn a_dropped_pool_drops_what_is_in_line() {
        let (pool, release) = busy_pool(10);
        let (done, order) = channel();
        pool.submit(Priority::Visitor, note(&done, "never"))
            .unwrap();
        drop(done);
        drop(pool);
        assert!(order.recv().is_err());
        drop(release);
    }
}
