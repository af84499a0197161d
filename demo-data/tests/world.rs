//! The invented site has the shape of a real one, at any size.

use std::collections::{HashMap, HashSet};

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

#[test]
fn neighbours_have_consecutive_pictures_and_titles_vary() {
    let world = world();
    let seeds: Vec<u64> = world.photos().map(|photo| photo.scene_seed).collect();
    assert!(seeds.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let mut titles: HashMap<String, u32> = HashMap::new();
    for photo in world.photos().filter(|photo| !photo.title.is_empty()) {
        *titles.entry(photo.title).or_default() += 1;
    }
    assert!(titles.len() > 5_000, "{} different titles", titles.len());
    let most = titles.values().max().copied().unwrap_or(0);
    assert!(most < 400, "a title stands {most} times");
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
