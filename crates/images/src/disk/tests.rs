//! Levels, reservations of uploads, and readings, on simulated disks.

use std::sync::atomic::AtomicU64;

use super::*;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A monitor of a disk of 100 GiB with this many bytes available.
fn disk_with(available: &Arc<AtomicU64>) -> Disk {
    let available = Arc::clone(available);
    let source = move || {
        Ok(Reading {
            available_bytes: available.load(Ordering::Relaxed),
            size_bytes: 100 * GIB,
            free_inodes: 1_000_000,
            inodes: 1_000_000,
        })
    };
    Disk::with(Box::new(source), Reserve::Fitting, None)
}

/// Expires the latest reading.
fn age(disk: &Disk) {
    let mut latest = disk.shared.latest.lock().unwrap();
    if let Some(latest) = latest.as_mut() {
        latest.at -= READING_LIFETIME;
    }
}

fn reading(available_bytes: u64, free_inodes: u64) -> Reading {
    Reading {
        available_bytes,
        size_bytes: 100 * GIB,
        free_inodes,
        inodes: 1_000_000,
    }
}

#[test]
fn what_can_be_made_again_goes_first_and_uploads_next() {
    let level = |bytes| level_after(Level::Plenty, &reading(bytes, 1_000_000), Reserve::Fitting);
    assert_eq!(level(2 * GIB), Level::Plenty);
    assert_eq!(level(2 * GIB - 1), Level::Low);
    assert_eq!(level(GIB), Level::Low);
    assert_eq!(level(GIB - 1), Level::Scarce);
    assert_eq!(level(0), Level::Scarce);
}

#[test]
fn a_disk_without_inodes_is_as_one_without_bytes() {
    let level = |free| level_after(Level::Plenty, &reading(50 * GIB, free), Reserve::Fitting);
    assert_eq!(level(20_000), Level::Plenty);
    assert_eq!(level(19_999), Level::Low);
    assert_eq!(level(9_999), Level::Scarce);
    let unlimited = Reading {
        free_inodes: u64::MAX,
        inodes: 0,
        ..reading(50 * GIB, 0)
    };
    let level = level_after(Level::Plenty, &unlimited, Reserve::Fitting);
    assert_eq!(level, Level::Plenty);
}

#[test]
fn a_level_improves_only_with_some_room_more() {
    let level = |before, bytes| level_after(before, &reading(bytes, 1_000_000), Reserve::Fitting);
    assert_eq!(level(Level::Low, 2 * GIB), Level::Low);
    assert_eq!(level(Level::Low, 2 * GIB + 128 * MIB), Level::Plenty);
    assert_eq!(level(Level::Scarce, GIB), Level::Scarce);
    assert_eq!(level(Level::Scarce, GIB + 64 * MIB), Level::Low);
    assert_eq!(level(Level::Scarce, 50 * GIB), Level::Plenty);
}

#[test]
fn uploads_never_take_the_disk_below_half_of_the_reserve() {
    let available = Arc::new(AtomicU64::new(GIB + 100 * MIB));
    let disk = disk_with(&available);
    let first = disk.may_take_upload(60 * MIB).expect("there is room");
    // The space that the first upload has reserved is not free for the second.
    assert_eq!(disk.may_take_upload(60 * MIB).err(), Some(NoRoom));
    assert!(disk.may_take_upload(40 * MIB).is_ok());
    drop(first);
    assert!(disk.may_take_upload(100 * MIB).is_ok());
    assert_eq!(disk.may_take_upload(101 * MIB).err(), Some(NoRoom));
    available.store(GIB - 1, Ordering::Relaxed);
    age(&disk);
    assert_eq!(disk.may_take_upload(0).err(), Some(NoRoom));
    assert!(!disk.keeps_derivatives());
    available.store(GIB + 32 * MIB, Ordering::Relaxed);
    age(&disk);
    assert_eq!(
        disk.may_take_upload(MIB).err(),
        Some(NoRoom),
        "not before there is some room more"
    );
    available.store(3 * GIB, Ordering::Relaxed);
    age(&disk);
    assert!(disk.may_take_upload(60 * MIB).is_ok() && disk.keeps_derivatives());
    assert_eq!(disk.shared.in_flight_bytes.load(Ordering::Relaxed), 0);
}

#[test]
fn an_upload_that_another_process_was_quicker_than_finds_no_room_after_all() {
    let available = Arc::new(AtomicU64::new(GIB + 100 * MIB));
    let disk = disk_with(&available);
    let other_process = disk_with(&available);
    let ours = disk.may_take_upload(60 * MIB).expect("there is room");
    let theirs = other_process
        .may_take_upload(60 * MIB)
        .expect("there is room");
    available.fetch_sub(60 * MIB, Ordering::Relaxed);
    assert_eq!(ours.is_allocated(), Ok(()));
    available.fetch_sub(60 * MIB, Ordering::Relaxed);
    assert_eq!(theirs.is_allocated(), Err(NoRoom));
    assert_eq!(disk.shared.in_flight_bytes.load(Ordering::Relaxed), 0);
}

#[test]
fn a_reading_is_used_for_a_second() {
    let available = Arc::new(AtomicU64::new(3 * GIB));
    let disk = disk_with(&available);
    assert_eq!(disk.level(), Level::Plenty);
    available.store(0, Ordering::Relaxed);
    assert_eq!(disk.available_bytes(), Some(3 * GIB));
    age(&disk);
    assert_eq!(disk.available_bytes(), Some(0));
}

#[test]
fn a_disk_that_cannot_be_read_refuses_nothing() {
    let source = || Err(io::ErrorKind::PermissionDenied.into());
    let disk = Disk::with(Box::new(source), Reserve::Fitting, None);
    assert_eq!(disk.level(), Level::Plenty);
    assert!(disk.may_take_upload(GIB).is_ok());
}

#[test]
fn folders_that_do_not_exist_yet_are_read_where_they_will_be() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("not/there/yet");
    let (here, there) = (
        Reading::of(folder.path()).unwrap(),
        Reading::of(&later).unwrap(),
    );
    assert_eq!(here.size_bytes, there.size_bytes);
    assert!(here.size_bytes > 0);
}

#[test]
fn the_ballast_takes_blocks_and_is_given_up_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let ballast = Ballast::at(folder.path().join("ballast"));
    assert_eq!(ballast.give_up(STEP_BYTES).unwrap(), 0, "there is none yet");
    ballast.make().unwrap();
    assert_eq!(ballast.bytes(), BALLAST_BYTES);
    let blocks = ballast.path().metadata().unwrap().blocks();
    assert!(
        blocks * 512 >= BALLAST_BYTES,
        "it is sparse: {blocks} blocks"
    );
    let mut given = 0;
    while let bytes @ 1.. = ballast.give_up(STEP_BYTES).unwrap() {
        given += bytes;
    }
    assert_eq!((given, ballast.bytes()), (BALLAST_BYTES, 0));
    ballast.make().unwrap();
    assert_eq!(ballast.give_up(u64::MAX).unwrap(), BALLAST_BYTES);
}

use std::os::unix::fs::MetadataExt as _;
