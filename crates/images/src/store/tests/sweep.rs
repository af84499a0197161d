//! What a sweep evicts and what it keeps.

use std::time::{Duration, SystemTime};

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Sets the times of a file as if it had been last used so long ago.
fn last_used(path: &Path, ago: Duration) {
    let then = SystemTime::now() - ago;
    let times = fs::FileTimes::new().set_accessed(then).set_modified(then);
    fs::File::open(path).unwrap().set_times(times).unwrap();
}

#[tokio::test]
async fn the_broom_takes_the_least_recently_used_and_keeps_the_limit() {
    let workshop = Workshop::open();
    let mut pictures = Vec::new();
    for hours in 0..10 {
        let key = any_key();
        workshop.get(key).await.unwrap();
        let path = path(workshop.folder.path(), &key);
        last_used(&path, HOUR * hours);
        pictures.push(path);
    }
    let all = workshop.store.sweep(u64::MAX).await.unwrap();
    assert_eq!((all.files, all.removed), (10, 0));
    let bytes_max = all.bytes / 2;
    let swept = workshop.store.sweep(bytes_max).await.unwrap();
    assert!(swept.bytes <= bytes_max, "{swept:?}");
    assert_eq!(swept.files + swept.removed, 10);
    let left: Vec<_> = pictures.iter().map(|path| path.exists()).collect();
    let expected: Vec<_> = (0..10).map(|hours| hours < swept.files).collect();
    assert_eq!(left, expected);
    assert_eq!(swept.files, 4, "90 % of the room for five");

    let nothing = workshop.store.sweep(0).await.unwrap();
    assert_eq!((nothing.files, nothing.bytes, nothing.removed), (0, 0, 4));
    assert_eq!(
        fs::read_dir(workshop.folder.path().join("public"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn of_one_minute_only_as_many_go_as_must() {
    let workshop = Workshop::open();
    for _ in 0..10 {
        let key = any_key();
        workshop.get(key).await.unwrap();
        last_used(&path(workshop.folder.path(), &key), HOUR);
    }
    let all = workshop.store.sweep(u64::MAX).await.unwrap();
    let swept = workshop.store.sweep(all.bytes / 2).await.unwrap();
    assert_eq!(swept.files, 4);
}

#[tokio::test]
async fn looking_at_a_picture_keeps_it() {
    let workshop = Workshop::open();
    let (seen, unseen) = (any_key(), any_key());
    for key in [seen, unseen] {
        workshop.get(key).await.unwrap();
        last_used(&path(workshop.folder.path(), &key), HOUR * 48);
    }
    assert_eq!(workshop.get(seen).await.unwrap().source, Source::Disk);
    let all = workshop.store.sweep(u64::MAX).await.unwrap();
    workshop.store.sweep(all.bytes - 1).await.unwrap();
    assert_eq!(
        files(workshop.folder.path()),
        [path(workshop.folder.path(), &seen)]
    );
}

#[tokio::test]
async fn the_broom_takes_what_a_dead_process_wrote_and_did_not_place() {
    let workshop = Workshop::open();
    let (old, young) = (any_key(), any_key());
    let temporary = |key| {
        let place = path(workshop.folder.path(), &key);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let temporary = place.with_file_name(".640.webp.0123456789abcdef");
        fs::write(&temporary, picture(key.size)).unwrap();
        temporary
    };
    last_used(&temporary(old), HOUR * 2);
    let at_work = temporary(young);
    let swept = workshop.store.sweep(u64::MAX).await.unwrap();
    assert_eq!((swept.stale, swept.files), (1, 0));
    assert!(!old.folder(workshop.folder.path()).exists());
    assert_eq!(files(workshop.folder.path()), [at_work]);
}
