//! What the store promises, to visitors and to owners.

mod missing;
mod sweep;

use std::fs;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::yield_now;

use super::*;
use crate::tests::samples;
use crate::{Encoding, Width, encode::encode};

const ORIGINAL: Original = Original::Drawn(7);
const OWNER: UserId = UserId(17);

/// A store that renders at once and counts the renders.
struct Workshop {
    store: Derivatives,
    made: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

impl Workshop {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Arc::new(AtomicUsize::new(0));
        let store = counting_store(folder.path(), &made);
        Self {
            store,
            made,
            folder,
        }
    }

    async fn get(&self, key: Key) -> Result<Derivative, StoreError> {
        self.store
            .get_or_make(key, ORIGINAL, Priority::Visitor, ready(Held::Current(())))
            .await
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        threads: 1,
        ..Settings::new(folder)
    }
}

/// A renderer for which no picture is large.
fn small(
    render: impl Fn(Original, Size) -> Result<Vec<u8>, RenderError> + Send + Sync + 'static,
) -> Renderer {
    Renderer {
        is_large: Box::new(|_, _| false),
        render: Box::new(render),
    }
}

fn picture(size: Size) -> Vec<u8> {
    encode(
        &samples::quarters(size.width.pixels() / 10, 20),
        size.encoding,
    )
    .unwrap()
}

fn counting_store(folder: &Path, made: &Arc<AtomicUsize>) -> Derivatives {
    let made = Arc::clone(made);
    let make = move |_, size| {
        made.fetch_add(1, Ordering::SeqCst);
        Ok(picture(size))
    };
    Derivatives::with(settings(folder), small(make))
}

/// A store of one thread that reports the start of each render, and waits until the test lets it finish.
fn held_store(folder: &Path) -> (Derivatives, UnboundedReceiver<Size>, mpsc::Sender<()>) {
    held_store_with(settings(folder))
}

fn held_store_with(settings: Settings) -> (Derivatives, UnboundedReceiver<Size>, mpsc::Sender<()>) {
    let (sender, begun) = unbounded_channel();
    let (leave, held) = mpsc::channel();
    let held = std::sync::Mutex::new(held);
    let make = move |_, size| {
        sender.send(size).unwrap();
        held.lock().unwrap().recv().unwrap();
        Ok(picture(size))
    };
    let store = Derivatives::with(settings, small(make));
    (store, begun, leave)
}

fn key(token: PhotoToken, width: Width) -> Key {
    Key {
        shelf: Shelf::Public,
        owner: OWNER,
        token,
        size: Size {
            width,
            encoding: Encoding::WebP,
        },
    }
}

fn any_key() -> Key {
    key(PhotoToken::random(), Width::W640)
}

fn path(root: &Path, key: &Key) -> PathBuf {
    key.folder(root).join(key.size.to_string())
}

/// All files below a folder, hidden ones too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn spawn_get(
    store: &Derivatives,
    key: Key,
    priority: Priority,
) -> tokio::task::JoinHandle<Result<Derivative, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move {
        store
            .get_or_make(key, ORIGINAL, priority, ready(Held::Current(())))
            .await
    })
}

/// Returns when so many requests wait for a key.
async fn until_waiting(store: &Derivatives, key: &Key, count: usize) {
    while store.shared.flights.waiting(key) != count {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_picture_is_made_once_and_then_read() {
    let workshop = Workshop::open();
    let key = any_key();
    let first = workshop.get(key).await.unwrap();
    let second = workshop.get(key).await.unwrap();
    assert_eq!((first.source, second.source), (Source::Made, Source::Disk));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(workshop.made(), 1);
    assert_eq!(
        files(workshop.folder.path()),
        [path(workshop.folder.path(), &key)]
    );
}

#[tokio::test]
async fn a_hundred_wait_for_one_rendering() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store(folder.path());
    let key = any_key();
    let waiters: Vec<_> = (0..100)
        .map(|_| spawn_get(&store, key, Priority::Visitor))
        .collect();
    until_waiting(&store, &key, 100).await;
    begun.recv().await.unwrap();
    leave.send(()).unwrap();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().unwrap().bytes, picture(key.size));
    }
    assert!(begun.try_recv().is_err(), "made twice");
}

#[tokio::test]
async fn the_first_may_leave_and_the_others_still_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store(folder.path());
    let key = any_key();
    let first = spawn_get(&store, key, Priority::Visitor);
    begun.recv().await.unwrap();
    let second = spawn_get(&store, key, Priority::Visitor);
    until_waiting(&store, &key, 2).await;
    first.abort();
    until_waiting(&store, &key, 1).await;
    leave.send(()).unwrap();
    assert_eq!(second.await.unwrap().unwrap().bytes, picture(key.size));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store(folder.path());
    let (busy, left, next) = (any_key(), any_key(), key(PhotoToken::random(), Width::W320));
    let busy = spawn_get(&store, busy, Priority::Visitor);
    begun.recv().await.unwrap();
    let visitor = spawn_get(&store, left, Priority::Visitor);
    until_waiting(&store, &left, 1).await;
    visitor.abort();
    until_waiting(&store, &left, 0).await;
    let next = spawn_get(&store, next, Priority::Visitor);
    leave.send(()).unwrap();
    assert_eq!(begun.recv().await.unwrap().width, Width::W320);
    leave.send(()).unwrap();
    busy.await.unwrap().unwrap();
    next.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_visitor_pulls_forward_what_was_to_be_made_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store(folder.path());
    let token = PhotoToken::random();
    let busy = spawn_get(&store, any_key(), Priority::WarmUp);
    begun.recv().await.unwrap();
    let mut tasks = vec![busy];
    for width in [Width::W320, Width::W1280] {
        tasks.push(spawn_get(&store, key(token, width), Priority::WarmUp));
        until_waiting(&store, &key(token, width), 1).await;
    }
    let wanted = key(token, Width::W1280);
    tasks.push(spawn_get(&store, wanted, Priority::Visitor));
    until_waiting(&store, &wanted, 2).await;
    for _ in 0..3 {
        leave.send(()).unwrap();
    }
    assert_eq!(begun.recv().await.unwrap().width, Width::W1280);
    assert_eq!(begun.recv().await.unwrap().width, Width::W320);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_full_line_says_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store_with(Settings {
        queue_len_max: 1,
        ..settings(folder.path())
    });
    let first = spawn_get(&store, any_key(), Priority::Visitor);
    begun.recv().await.unwrap();
    let waits = any_key();
    let second = spawn_get(&store, waits, Priority::Visitor);
    until_waiting(&store, &waits, 1).await;
    let third = spawn_get(&store, any_key(), Priority::Visitor);
    assert!(matches!(third.await.unwrap(), Err(StoreError::Busy)));
    leave.send(()).unwrap();
    leave.send(()).unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_token_that_dies_while_its_picture_is_made_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut begun, leave) = held_store(folder.path());
    let key = any_key();
    let visitor = {
        let store = store.clone();
        let hold = ready(Held::<()>::Gone);
        tokio::spawn(async move {
            store
                .get_or_make(key, ORIGINAL, Priority::Visitor, hold)
                .await
        })
    };
    begun.recv().await.unwrap();
    assert_eq!(store.remove(OWNER, key.token).await.unwrap(), 0);
    leave.send(()).unwrap();
    assert!(matches!(visitor.await.unwrap(), Err(StoreError::Gone)));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    assert!(!key.folder(folder.path()).exists(), "an empty folder stays");
}

/// Records whether the file has its name at the moment when its token is released.
struct HeldUntil(PathBuf, Arc<AtomicBool>);

impl Drop for HeldUntil {
    fn drop(&mut self) {
        self.1.store(self.0.exists(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_picture_is_placed_while_its_token_is_held_and_not_before() {
    let workshop = Workshop::open();
    let key = any_key();
    let file = path(workshop.folder.path(), &key);
    let was_there = Arc::new(AtomicBool::new(false));
    let held = HeldUntil(file.clone(), Arc::clone(&was_there));
    let hold = async move {
        assert!(!file.exists(), "seen before anybody was asked");
        Held::Current(held)
    };
    let found = workshop
        .store
        .get_or_make(key, ORIGINAL, Priority::Visitor, hold)
        .await;
    assert_eq!(found.unwrap().source, Source::Made);
    assert!(
        was_there.load(Ordering::SeqCst),
        "let go before it was placed"
    );
}

#[tokio::test]
async fn what_nobody_can_say_of_a_token_shows_no_picture_and_leaves_no_file() {
    let workshop = Workshop::open();
    let unknown = ready(Held::<()>::Unknown);
    let found = workshop
        .store
        .get_or_make(any_key(), ORIGINAL, Priority::Visitor, unknown)
        .await;
    assert!(matches!(found, Err(StoreError::Unknown)), "{found:?}");
    assert_eq!(files(workshop.folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn removing_a_token_removes_every_size_on_both_shelves_and_nothing_else() {
    let workshop = Workshop::open();
    let (dead, alive) = (PhotoToken::random(), PhotoToken::random());
    for token in [dead, alive] {
        for shelf in [Shelf::Public, Shelf::Private] {
            for width in Width::ALL {
                for encoding in [Encoding::WebP, Encoding::Jpeg] {
                    let size = Size { width, encoding };
                    let key = Key {
                        shelf,
                        size,
                        ..key(token, width)
                    };
                    workshop.get(key).await.unwrap();
                }
            }
        }
    }
    assert_eq!(workshop.store.remove(OWNER, dead).await.unwrap(), 16);
    assert_eq!(workshop.store.remove(OWNER, dead).await.unwrap(), 0);
    let left = files(workshop.folder.path());
    assert_eq!(left.len(), 16);
    let name = alive.to_string();
    assert!(
        left.iter()
            .all(|path| path.to_string_lossy().contains(&name))
    );
}

#[tokio::test]
async fn two_processes_make_the_same_picture_in_peace() {
    let workshop = Workshop::open();
    let (other, mut begun, leave) = held_store(workshop.folder.path());
    let key = any_key();
    let slow = spawn_get(&other, key, Priority::Visitor);
    begun.recv().await.unwrap();
    let quick = workshop.get(key).await.unwrap();
    leave.send(()).unwrap();
    assert_eq!(slow.await.unwrap().unwrap().bytes, quick.bytes);
    assert_eq!(
        files(workshop.folder.path()),
        [path(workshop.folder.path(), &key)]
    );
}

#[tokio::test]
async fn a_broken_disk_costs_time_and_no_picture() {
    let mut workshop = Workshop::open();
    let blocked = workshop
        .folder
        .path()
        .join("a file where a folder should be");
    fs::write(&blocked, b"").unwrap();
    workshop.store = counting_store(&blocked, &workshop.made);
    let key = any_key();
    for round in 1..=2 {
        let found = workshop.get(key).await.unwrap();
        assert_eq!((found.source, workshop.made()), (Source::Made, round));
        assert_eq!(found.bytes, picture(key.size));
    }
}

#[tokio::test]
async fn what_a_power_cut_left_of_a_file_is_made_again() {
    let workshop = Workshop::open();
    for encoding in [Encoding::WebP, Encoding::Jpeg] {
        let mut key = any_key();
        key.size.encoding = encoding;
        let whole = workshop.get(key).await.unwrap().bytes;
        for length in [0, 3, whole.len() - 1] {
            fs::write(path(workshop.folder.path(), &key), &whole[..length]).unwrap();
            let found = workshop.get(key).await.unwrap();
            assert_eq!((found.source, &found.bytes), (Source::Made, &whole));
        }
        assert_eq!(workshop.get(key).await.unwrap().source, Source::Disk);
    }
}

#[tokio::test]
async fn a_panic_is_an_error_for_who_waits_and_frees_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let make = |_, _| panic!("as a test");
    let store = Derivatives::with(settings(folder.path()), small(make));
    let key = any_key();
    for _ in 0..2 {
        let lost = spawn_get(&store, key, Priority::Visitor).await.unwrap();
        assert!(matches!(lost, Err(StoreError::Interrupted)));
    }
    let workshop = Workshop::open();
    let unanswered = workshop
        .store
        .get_or_make::<()>(key, ORIGINAL, Priority::Visitor, async {
            panic!("as a test")
        });
    assert!(matches!(unanswered.await, Err(StoreError::Interrupted)));
    assert_eq!(files(workshop.folder.path()), Vec::<PathBuf>::new());
}
