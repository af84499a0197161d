//! Who sees a photo, and that nobody sees it any more once it is hidden or deleted.

use reqwest::StatusCode;

use crate::town::{Town, Visitor, files_below, jpeg};

/// Posts a picture and returns the path of its page.
async fn post(visitor: &Visitor, visibility: &str) -> String {
    let posted = visitor
        .upload("A picture", visibility, jpeg(7, 400, 300))
        .await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text());
    posted.header("location").to_owned()
}

/// The address of the large picture on a photo's page.
async fn picture_on(visitor: &Visitor, page: &str) -> String {
    let answer = visitor.get(page).await;
    answer
        .values_of("src")
        .into_iter()
        .find(|url| url.starts_with("/i/") || url.contains("/image/"))
        .unwrap_or_else(|| panic!("no picture on {page}: {}", answer.text()))
}

#[tokio::test]
async fn each_level_is_seen_by_whom_it_is_for() {
    let town = Town::new().await;
    let (ann, bob, cyd, stranger) = (
        town.newcomer("ann").await,
        town.newcomer("bob").await,
        town.newcomer("cyd").await,
        town.stranger(),
    );
    // Of the three others bob is ann's contact: to follow ann, or to be followed by bob, is not enough.
    sqlx::query(
        "insert into follows (follower_id, followee_id)
         select a.id, b.id
           from users a, users b
          where (a.name, b.name) in (('ann', 'bob'), ('cyd', 'ann'), ('bob', 'cyd'))",
    )
    .execute(&town.pool)
    .await
    .unwrap();
    for (visibility, contact_sees, stranger_sees) in [
        ("public", true, true),
        ("contacts", true, false),
        ("private", false, false),
    ] {
        let page = post(&ann, visibility).await;
        let picture = picture_on(&ann, &page).await;
        let status = |seen| {
            if seen {
                StatusCode::OK
            } else {
                StatusCode::NOT_FOUND
            }
        };
        for path in [&page, &picture] {
            assert_eq!(
                ann.get(path).await.status,
                StatusCode::OK,
                "{visibility} {path}"
            );
            assert_eq!(
                bob.get(path).await.status,
                status(contact_sees),
                "{visibility} {path}"
            );
            for other in [&cyd, &stranger] {
                assert_eq!(
                    other.get(path).await.status,
                    status(stranger_sees),
                    "{visibility} {path}"
                );
            }
        }
        assert_eq!(
            picture.starts_with("/i/"),
            visibility == "public",
            "{picture}"
        );
        let kept = ann.get(&picture).await;
        let expected = if visibility == "public" {
            "public, max-age=86400"
        } else {
            "private, no-store"
        };
        assert_eq!(kept.header("cache-control"), expected);
        for (who, sees) in [
            (&bob, contact_sees),
            (&cyd, stranger_sees),
            (&stranger, stranger_sees),
        ] {
            let stream = who.get("/people/ann").await.text();
            assert_eq!(
                stream.contains(&format!("\"{page}\"")),
                sees,
                "{visibility}"
            );
        }
    }
    let not_public: i64 = town
        .ask(
            "select count(*) from recent_photos r join photos p on p.id = r.photo_id
              where p.visibility <> 'public'",
        )
        .await;
    assert_eq!(not_public, 0, "of the newest");
}

#[tokio::test]
async fn a_private_picture_is_told_like_one_that_does_not_exist() {
    let town = Town::new().await;
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let page = post(&ann, "private").await;
    let private = stranger.get(&format!("{page}/image/640.webp")).await;
    let none = stranger.get("/people/ann/999999999/image/640.webp").await;
    assert_eq!(private.status, StatusCode::NOT_FOUND);
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert_eq!(private.text(), none.text());
}

#[tokio::test]
async fn a_hidden_photo_is_gone_from_every_place_and_its_old_address_is_dead() {
    let town = Town::new().await;
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let page = post(&ann, "public").await;
    let public = picture_on(&stranger, &page).await;
    assert_eq!(stranger.get(&public).await.status, StatusCode::OK);
    assert!(stranger.get("/").await.text().contains(&page));

    let hidden = ann
        .post(&format!("{page}/visibility"), &[("visibility", "private")])
        .await;
    assert_eq!(hidden.status, StatusCode::SEE_OTHER, "{}", hidden.text());
    for path in [&page, &public] {
        assert_eq!(
            stranger.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert!(!stranger.get("/").await.text().contains(&page));
    assert_eq!(
        files_below(&town.folder.path().join("derivatives/public")),
        0
    );
    assert_eq!(town.ask::<i64>("select count(*) from outbox").await, 0);
    let id: i64 = page.rsplit_once('/').unwrap().1.parse().unwrap();
    let newest = sqlx::query_scalar("select count(*) from recent_photos where photo_id = $1");
    let newest: i64 = newest.bind(id).fetch_one(&town.pool).await.unwrap();
    assert_eq!(newest, 0, "it is still among the newest");
    let private = picture_on(&ann, &page).await;
    assert_eq!(ann.get(&private).await.status, StatusCode::OK);
    let drawn = |folder: &str| files_below(&town.folder.path().join("derivatives").join(folder));
    assert_eq!((drawn("public"), drawn("private")), (0, 1));
    assert_eq!(stranger.get(&private).await.status, StatusCode::NOT_FOUND);

    let shown = ann
        .post(&format!("{page}/visibility"), &[("visibility", "public")])
        .await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    assert_ne!(
        picture_on(&stranger, &page).await,
        public,
        "the old address came back to life"
    );
    assert_eq!(stranger.get(&public).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_deleted_photo_leaves_nothing_behind() {
    let town = Town::new().await;
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let page = post(&ann, "public").await;
    let picture = picture_on(&stranger, &page).await;
    assert_eq!(stranger.get(&picture).await.status, StatusCode::OK);
    assert_eq!(files_below(&town.folder.path().join("originals")), 1);

    assert_eq!(
        stranger.post(&format!("{page}/delete"), &[]).await.status,
        StatusCode::SEE_OTHER,
        "to log in"
    );
    assert_eq!(stranger.get(&page).await.status, StatusCode::OK);
    let deleted = ann.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(
        (deleted.status, deleted.header("location")),
        (StatusCode::SEE_OTHER, "/people/ann")
    );
    for path in [&page, &picture] {
        assert_eq!(ann.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        files_below(town.folder.path().join("originals").as_path()),
        0
    );
    assert_eq!(files_below(&town.folder.path().join("derivatives")), 0);
    assert_eq!(town.ask::<i64>("select count(*) from outbox").await, 0);
    let counts: i64 = town
        .ask("select (public_photo_count + contacts_photo_count + private_photo_count)::int8 from users where name = 'ann'")
        .await;
    assert_eq!(counts, 0);
}

#[tokio::test]
async fn nobody_changes_the_photo_of_somebody_else() {
    let town = Town::new().await;
    let (ann, bob) = (town.newcomer("ann").await, town.newcomer("bob").await);
    let page = post(&ann, "public").await;
    for (path, form) in [
        ("delete", [].as_slice()),
        ("visibility", [("visibility", "private")].as_slice()),
    ] {
        assert_eq!(
            bob.post(&format!("{page}/{path}"), form).await.status,
            StatusCode::FORBIDDEN
        );
    }
    let (own, other) = (ann.get(&page).await.text(), bob.get(&page).await);
    assert_eq!(other.status, StatusCode::OK);
    for button in [format!("{page}/delete"), format!("{page}/visibility")] {
        assert!(own.contains(&button) && !other.text().contains(&button));
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_a_sentence_and_leaves_nothing() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    for (bytes, sentence) in [
        (b"not a picture".to_vec(), "JPEG, PNG or WebP"),
        (Vec::new(), "choose a picture"),
        (jpeg(1, 400, 300)[..2_000].to_vec(), "cut off"),
    ] {
        let answer = ann.upload("", "public", bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer.text().contains(sentence),
            "{sentence}: {}",
            answer.text()
        );
    }
    assert_eq!(files_below(&town.folder.path().join("originals")), 0);
}

/// Has ann post and delete a picture that was seen, with something in the way; returns the town and the answer.
async fn deleted_with(town: &Town, in_the_way: impl AsyncFnOnce(&str)) -> crate::town::Answer {
    let (ann, stranger) = (town.newcomer("ann").await, town.stranger());
    let page = post(&ann, "public").await;
    let picture = picture_on(&stranger, &page).await;
    assert_eq!(stranger.get(&picture).await.status, StatusCode::OK);
    in_the_way(&picture).await;
    let deleted = ann.post(&format!("{page}/delete"), &[]).await;
    assert_eq!(stranger.get(&page).await.status, StatusCode::NOT_FOUND);
    deleted
}

#[tokio::test]
async fn a_deletion_that_memcached_does_not_confirm_says_so_and_stays_owed() {
    // Takes connections, as the kernel does for it, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let town = Town::with(&[silent.local_addr().unwrap()]).await;
    let deleted = deleted_with(&town, async |_| {}).await;
    assert_eq!(deleted.status, StatusCode::OK);
    let text = deleted.text();
    assert!(
        text.contains("One of our caches has not yet confirmed"),
        "{text}"
    );
    assert_eq!(town.ask::<i64>("select count(*) from outbox").await, 1);
}

#[tokio::test]
async fn a_deletion_whose_file_stays_says_so_and_stays_owed() {
    let town = Town::new().await;
    let deleted = deleted_with(&town, async |picture| {
        // What no file system removes as a file.
        let folder = picture
            .strip_prefix("/i/")
            .unwrap()
            .rsplit_once('/')
            .unwrap()
            .0;
        let public = town.folder.path().join("derivatives/public");
        std::fs::create_dir(public.join(folder).join("in the way")).unwrap();
    })
    .await;
    assert_eq!(deleted.status, StatusCode::OK);
    let text = deleted.text();
    assert!(
        text.contains("could not be removed from our disk"),
        "{text}"
    );
    assert_eq!(town.ask::<i64>("select count(*) from outbox").await, 1);
}
