//! The invented site has the shape of a real one, at any size.

use std::collections::{HashMap, HashSet};

use demo_data::picture::Scene;
use demo_data::{Impossible, Visibility, World};

fn world() -> World {
    World::new(1, 2_000, 20_000).expect("people and photos")
}

#[test]
fn few_own_much_and_some_own_nothing() {
    let mut owned: Vec<u32> = world()
        .users()
        .map(|user| user.public_photo_count + user.contacts_photo_count + user.private_photo_count)
        .collect();
    owned.sort_unstable();
    assert_eq!(owned.iter().sum::<u32>(), 20_000);
    assert_eq!(owned.last(), Some(&1_000), "the busiest has a twentieth");
    let silent = owned.iter().filter(|count| **count == 0).count();
    assert!((200..=400).contains(&silent), "{silent} of 2,000 have none");
    assert!(
        owned[1_000] < 10,
        "the one in the middle has {}",
        owned[1_000]
    );
}

#[test]
fn counts_follow_the_size() {
    let world = world();
    let about = |count: u64, expected: u64| count.abs_diff(expected) <= expected / 10;
    assert!(
        about(world.follow_count(), 100_000),
        "{} follows",
        world.follow_count()
    );
    assert!(
        about(world.favorite_count(), 40_000),
        "{} favourites",
        world.favorite_count()
    );
    assert!(
        about(world.comment_count(), 10_000),
        "{} comments",
        world.comment_count()
    );
    let tags = world.photo_tags().count() as u64;
    assert!(about(tags, world.photo_tag_count_about()), "{tags} tags");
    let public = world
        .photos()
        .filter(|photo| photo.visibility == Visibility::Public)
        .count() as u64;
    assert!(about(public, 18_000), "{public} public photos");
}

#[test]
fn announced_counts_are_those_of_the_rows() {
    let world = world();
    assert_eq!(world.users().count() as u64, world.user_count());
    assert_eq!(world.photos().count() as u64, world.photo_count());
    assert_eq!(world.follows().count() as u64, world.follow_count());
    assert_eq!(world.favorites().count() as u64, world.favorite_count());
    assert_eq!(world.comments().count() as u64, world.comment_count());
}

#[test]
fn no_pair_comes_twice_and_all_come_in_order() {
    let world = world();
    let follows: Vec<_> = world
        .follows()
        .map(|row| (row.follower_id, row.followee_id))
        .collect();
    assert!(follows.is_sorted_by(|a, b| a < b));
    assert!(
        follows
            .iter()
            .all(|(follower, followee)| follower != followee)
    );
    let favorites: Vec<_> = world
        .favorites()
        .map(|row| (row.photo_id, row.fan_id))
        .collect();
    assert!(favorites.is_sorted_by(|a, b| a < b));
    let tags: Vec<_> = world
        .photo_tags()
        .map(|row| (row.photo_id, row.tag_id))
        .collect();
    assert!(tags.is_sorted_by(|a, b| a < b));
    let months: Vec<_> = world
        .photo_months()
        .map(|row| (row.userid, row.month_at))
        .collect();
    assert!(months.is_sorted_by(|a, b| a < b));
}

#[test]
fn texts_fit_their_columns() {
    let world = world();
    for photo in world.photos() {
        assert!(photo.title.chars().count() <= 200, "{}", photo.title);
        assert!(
            photo.description.chars().count() <= 5_000,
            "{}",
            photo.description
        );
        assert!(
            !photo.title.contains(['{', '}']) && photo.title == photo.title.trim(),
            "{:?}",
            photo.title
        );
        assert!(photo.tone < 216);
    }
    for comment in world.comments() {
        assert!(
            (1..=2_000).contains(&comment.body.chars().count()),
            "{}",
            comment.body
        );
    }
    let names: HashSet<String> = world.tags().map(|tag| tag.name).collect();
    assert_eq!(names.len(), world.tags().count(), "a tag stands twice");
    for name in names {
        assert!(
            !name.is_empty() && name.chars().count() <= 60 && name == name.to_lowercase(),
            "{name}"
        );
    }
}

/// The families that look drawn where they are shown larger than in a grid.
fn looks_drawn(seed: u64) -> bool {
    use demo_data::picture::Family::*;
    matches!(
        Scene::of(seed).family,
        Winters | Mountains | Coasts | Clouds | Forests | Lakes
    )
}

#[test]
fn neighbours_show_different_families_and_no_picture_comes_twice() {
    let seeds: Vec<u64> = world().photos().map(|photo| photo.scene_seed).collect();
    let families: Vec<_> = seeds.iter().map(|seed| Scene::of(*seed).family).collect();
    for near in families.windows(3) {
        assert!(near[0] != near[1] && near[0] != near[2], "{near:?}");
    }
    let different: HashSet<u64> = seeds.iter().copied().collect();
    assert_eq!(different.len(), seeds.len());
}

#[test]
fn what_looks_drawn_is_rare_and_never_seen_first() {
    for seed in [1, 2007] {
        let world = World::new(seed, 2_000, 20_000).expect("people and photos");
        let photos: Vec<_> = world.photos().collect();
        let drawn = photos.iter().filter(|photo| looks_drawn(photo.scene_seed));
        let percent = drawn.count() * 100 / photos.len();
        // Of all seeds it is 36.
        assert!((10..=18).contains(&percent), "{percent} %");
        let busiest = world
            .users()
            .max_by_key(|user| user.public_photo_count)
            .expect("somebody");
        let explore = photos
            .iter()
            .rev()
            .filter(|photo| photo.visibility == Visibility::Public);
        let stream = photos
            .iter()
            .rev()
            .filter(|photo| photo.userid == busiest.id);
        for photo in explore.take(160).chain(stream.take(160)) {
            let family = Scene::of(photo.scene_seed).family;
            assert!(
                !looks_drawn(photo.scene_seed),
                "{} shows {family:?}",
                photo.id
            );
        }
    }
}

#[test]
fn titles_vary() {
    let mut titles: HashMap<String, u32> = HashMap::new();
    for photo in world().photos().filter(|photo| !photo.title.is_empty()) {
        *titles.entry(photo.title).or_default() += 1;
    }
    assert!(titles.len() > 5_000, "{} different titles", titles.len());
    let most = titles.values().max().copied().unwrap_or(0);
    assert!(most < 400, "a title stands {most} times");
}

#[test]
fn comments_of_a_page_are_different_and_of_different_days() {
    for (seed, users, photos) in [(1, 2_000, 20_000), (2007, 200, 2_000), (3, 2, 300)] {
        let world = World::new(seed, users, photos).expect("people and photos");
        let posted: Vec<i64> = world.photos().map(|photo| photo.created_at).collect();
        let joined: Vec<i64> = world.users().map(|user| user.created_at).collect();
        let comments: Vec<_> = world.comments().collect();
        for under_one in comments.chunk_by(|one, next| one.photo_id == next.photo_id) {
            assert!(under_one.is_sorted_by_key(|comment| comment.created_at));
            for page in under_one.chunks(30) {
                let bodies: HashSet<&str> = page.iter().map(|comment| &*comment.body).collect();
                let days: HashSet<i64> = page
                    .iter()
                    .map(|comment| comment.created_at / 86_400)
                    .collect();
                let all = page.len();
                assert_eq!((bodies.len(), days.len()), (all, all), "{page:#?}");
            }
        }
        for comment in &comments {
            let author = joined[comment.author_id as usize - 1];
            let photo = posted[comment.photo_id as usize - 1];
            assert!(comment.created_at >= author.max(photo), "{comment:?}");
            // The end of the demo set: 1 November 2026.
            assert!(comment.created_at < 1_793_491_200, "{comment:?}");
        }
    }
}

#[test]
fn the_edition_names_the_rows() {
    let world = World::new(2007, 200, 2_000).expect("people and photos");
    // FNV-1a: the same on every machine.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |row: String| {
        for byte in row.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    world.users().for_each(|row| add(format!("{row:?}")));
    world.photos().for_each(|row| add(format!("{row:?}")));
    world
        .recent_photos()
        .for_each(|row| add(format!("{row:?}")));
    world.photo_months().for_each(|row| add(format!("{row:?}")));
    world.tags().for_each(|row| add(format!("{row:?}")));
    world.photo_tags().for_each(|row| add(format!("{row:?}")));
    world.comments().for_each(|row| add(format!("{row:?}")));
    world.favorites().for_each(|row| add(format!("{row:?}")));
    world.follows().for_each(|row| add(format!("{row:?}")));
    let (number, rows) = World::EDITION.split_once('-').expect("a number and a hash");
    assert_eq!(
        rows,
        format!("{hash:016x}"),
        "the demo set has other rows than edition {number}: raise its number and take this hash, so \
         that databases of the earlier edition are recognised"
    );
}

#[test]
fn impossible_worlds_are_refused() {
    assert_eq!(
        World::new(1, 0, 1).err(),
        Some(Impossible::PhotosWithoutUsers)
    );
    assert_eq!(World::new(1, u32::MAX, 1).err(), Some(Impossible::TooMany));
    assert_eq!(
        World::new(1, 0, 0).map(|world| world.users().count()),
        Ok(0)
    );
    // Too few people to follow or to like: still a world.
    for users in 1..8 {
        let world = World::new(1, users, 50).expect("somebody owns them");
        assert_eq!(world.photos().count(), 50);
    }
}
