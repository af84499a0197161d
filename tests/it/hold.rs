//! A photo that is held while something of it is stored is neither deleted nor hidden before that is over.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use accelerator::Validity as _;
use db::photo_hold::{Hold, hold_any, hold_public};
use db::{photo_write, pool, schema};
use domain::{PhotoId, PhotoToken, UserId, Visibility};
use images::store::Settings;
use images::{
    Derivatives, Encoding, Held, Key, Original, Originals, Priority, Shelf, Size, StoreError, Width,
};
use site::PictureValidity;
use site::assets;
use sqlx::{Connection as _, PgPool};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::cluster::Database;

const OWNER: UserId = UserId(1);

/// How long anything may take; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// One person, whose photos come and go, and one folder of pictures.
struct House {
    pool: PgPool,
    folder: TempDir,
    database: Database,
}

/// What an owner does to a photo, so that strangers see it no longer.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Delete,
    Hide,
}

impl House {
    async fn new() -> Self {
        let database = Database::new().await;
        let mut connection = sqlx::PgConnection::connect_with(&database.options())
            .await
            .unwrap();
        schema::create_tables(&mut connection).await.unwrap();
        schema::create_keys(&mut connection).await.unwrap();
        schema::create_indexes(&mut connection).await.unwrap();
        sqlx::query("insert into users (id, name, display_name) values (1, 'ann', 'Ann')")
            .execute(&mut connection)
            .await
            .unwrap();
        Self {
            pool: pool::open(&database.url(), 4).unwrap(),
            folder: tempfile::tempdir().unwrap(),
            database,
        }
    }

    async fn photo(&self) -> (PhotoId, PhotoToken) {
        let token = PhotoToken::random();
        let sql = "insert into photos (userid, filename, token, title, width, height, tone, visibility, taken_at)
                   values (1, 'drawn:7', $1, '', 3, 2, 0, 'public', now()) returning id";
        let photo = sqlx::query_scalar(sql).bind(token).fetch_one(&self.pool);
        (photo.await.unwrap(), token)
    }

    /// Another process, which deletes or hides the photo; done when it is committed.
    fn will(&self, deed: Deed, photo: PhotoId) -> JoinHandle<()> {
        let pool = pool::open(&self.database.url(), 1).unwrap();
        tokio::spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let gone = match deed {
                Deed::Delete => photo_write::delete(&mut tx, OWNER, photo).await,
                Deed::Hide => {
                    photo_write::change_visibility(&mut tx, OWNER, photo, Visibility::Private).await
                }
            };
            assert!(gone.unwrap().is_some(), "there is no such photo");
            tx.commit().await.unwrap();
        })
    }

    /// Comes back when so many sessions wait for a lock.
    async fn until_waiting(&self, count: i64) {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        until(async || {
            let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap();
            waiting == count
        })
        .await;
    }

    /// One process's store of pictures; the folder is everybody's.
    fn store(&self) -> Derivatives {
        let folder = self.folder.path();
        let settings = Settings::new(folder.join("derivatives"));
        Derivatives::new(settings, Originals::new(folder.join("originals")))
    }

    fn file(&self, key: &Key) -> PathBuf {
        let public = self.folder.path().join("derivatives/public");
        public.join(format!("{}/{}/{}", key.owner, key.token, key.size))
    }
}

fn key(token: PhotoToken) -> Key {
    let size = Size {
        width: Width::W320,
        encoding: Encoding::WebP,
    };
    Key {
        shelf: Shelf::Public,
        owner: OWNER,
        token,
        size,
    }
}

async fn held(pool: &PgPool, token: PhotoToken) -> Held<Hold> {
    match hold_public(pool, OWNER, token).await.unwrap() {
        Some(hold) => Held::Current(hold),
        None => Held::Gone,
    }
}

async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let asked = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .expect("it never happens");
}

#[tokio::test]
async fn who_deletes_or_hides_waits_until_nobody_holds_the_photo() {
    let house = House::new().await;
    for (deed, public, any) in [
        (Deed::Delete, true, true),
        (Deed::Hide, true, true),
        (Deed::Delete, true, false),
        (Deed::Hide, false, true),
    ] {
        let (photo, token) = house.photo().await;
        let mut holds = Vec::new();
        if public {
            holds.extend(hold_public(&house.pool, OWNER, token).await.unwrap());
        }
        if any {
            holds.extend(hold_any(&house.pool, OWNER, token).await.unwrap());
        }
        assert_eq!(holds.len(), usize::from(public) + usize::from(any));
        let done = house.will(deed, photo);
        for hold in holds {
            house.until_waiting(1).await;
            assert!(!done.is_finished(), "{deed:?} did not wait");
            // Nobody awaits anything of it: its transaction ends all the same.
            drop(hold);
        }
        done.await.unwrap();
        let after = hold_public(&house.pool, OWNER, token).await.unwrap();
        assert!(after.is_none(), "{deed:?}");
        assert!(hold_any(&house.pool, OWNER, token).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_hold_that_meets_a_deletion_under_way_finds_nothing_or_says_that_it_does_not_know() {
    let house = House::new().await;
    let (photo, token) = house.photo().await;
    let mut tx = house.pool.begin().await.unwrap();
    photo_write::delete(&mut tx, OWNER, photo).await.unwrap();
    // It gives up by itself: nobody waits for a lock for ever, nor holds a connection meanwhile.
    let soon = Duration::from_secs(10);
    let held = tokio::time::timeout(soon, hold_public(&house.pool, OWNER, token)).await;
    held.expect("it waits for ever").unwrap_err();
    let asked = tokio::spawn({
        let pool = house.pool.clone();
        async move { hold_public(&pool, OWNER, token).await }
    });
    house.until_waiting(1).await;
    tx.commit().await.unwrap();
    // If the machine slept for so long that it gave up, it did not know; it never says yes.
    assert!(!matches!(asked.await.unwrap(), Ok(Some(_))));
}

#[tokio::test]
async fn a_photo_that_is_not_public_is_held_for_its_owner_alone() {
    let house = House::new().await;
    let (photo, _) = house.photo().await;
    house.will(Deed::Hide, photo).await.unwrap();
    let token: PhotoToken = sqlx::query_scalar("select token from photos where id = $1")
        .bind(photo)
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert!(
        hold_public(&house.pool, OWNER, token)
            .await
            .unwrap()
            .is_none()
    );
    assert!(hold_any(&house.pool, OWNER, token).await.unwrap().is_some());
    assert!(
        hold_any(&house.pool, UserId(2), token)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_is_not_public_is_neither_current_nor_held_for_a_store() {
    let house = House::new().await;
    let validity = PictureValidity::new(house.pool.clone(), None);
    let ((hidden, _), (_, public)) = (house.photo().await, house.photo().await);
    house.will(Deed::Hide, hidden).await.unwrap();
    let private: PhotoToken = sqlx::query_scalar("select token from photos where id = $1")
        .bind(hidden)
        .fetch_one(&house.pool)
        .await
        .unwrap();
    for (owner, token, current) in [
        (OWNER, public, true),
        (OWNER, private, false),
        (UserId(2), public, false),
        (OWNER, PhotoToken::random(), false),
    ] {
        let path = format!("/i/{owner}/{token}/640.webp");
        assert_eq!(validity.still_current(&path).await, current, "{path}");
        assert_eq!(validity.lease(&path).await.is_some(), current, "{path}");
    }
}

#[tokio::test]
async fn only_its_owner_changes_a_photo_and_its_address_dies_with_the_change() {
    let house = House::new().await;
    let (photo, token) = house.photo().await;
    let mut tx = house.pool.begin().await.unwrap();
    let other = UserId(2);
    let hidden = photo_write::change_visibility(&mut tx, other, photo, Visibility::Private).await;
    assert_eq!(hidden.unwrap(), None);
    assert_eq!(
        photo_write::delete(&mut tx, other, photo).await.unwrap(),
        None
    );
    let hidden = photo_write::change_visibility(&mut tx, OWNER, photo, Visibility::Private).await;
    assert_eq!(hidden.unwrap().map(|gone| gone.token), Some(token));
    let deleted = photo_write::delete(&mut tx, OWNER, photo).await.unwrap();
    assert!(deleted.is_some_and(|gone| gone.token != token));
}

#[tokio::test]
async fn no_file_of_a_picture_is_there_when_its_deletion_is_acknowledged_nor_after() {
    let house = House::new().await;
    for deed in [Deed::Delete, Deed::Hide] {
        let (photo, token) = house.photo().await;
        let key = key(token);
        let file = house.file(&key);
        let (drawing, deleting) = (house.store(), house.store());
        // A process that waits as long as we like between holding the photo and placing its picture.
        let (holds, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let hold = {
            let (pool, holds, go_on) = (house.pool.clone(), Arc::clone(&holds), Arc::clone(&go_on));
            async move {
                let held = held(&pool, token).await;
                holds.add_permits(1);
                go_on.acquire().await.unwrap().forget();
                held
            }
        };
        let drawn = tokio::spawn(async move {
            let original = Original::Drawn(7);
            drawing
                .get_or_make(key, original, Priority::Visitor, hold)
                .await
        });
        holds.acquire().await.unwrap().forget();
        let done = house.will(deed, photo);
        house.until_waiting(1).await;
        assert!(!file.exists(), "seen before it was placed");
        go_on.add_permits(1);
        done.await.unwrap();
        // It lay there before the commit, as it might, so the purge after it takes it away.
        assert_eq!(deleting.remove(OWNER, token).await.unwrap(), 1, "{deed:?}");
        assert!(!file.exists(), "{deed:?}");
        drawn.await.unwrap().unwrap();
        assert!(!file.exists(), "{deed:?}: it came back");
    }
}

#[tokio::test]
async fn a_picture_whose_photo_is_gone_when_it_is_drawn_is_never_seen() {
    let house = House::new().await;
    let (photo, token) = house.photo().await;
    let key = key(token);
    let file = house.file(&key);
    let (drawing, deleting) = (house.store(), house.store());
    let hold = {
        let (pool, file) = (house.pool.clone(), file.clone());
        let done = house.will(Deed::Delete, photo);
        async move {
            // Drawn already; the whole deletion, its acknowledgement included, comes before the question.
            done.await.unwrap();
            deleting.remove(OWNER, token).await.unwrap();
            assert!(!file.exists(), "it is there after the acknowledgement");
            held(&pool, token).await
        }
    };
    let drawn = drawing
        .get_or_make(key, Original::Drawn(7), Priority::Visitor, hold)
        .await;
    assert!(matches!(drawn, Err(StoreError::Gone)), "{drawn:?}");
    assert!(!file.exists());
}

#[tokio::test]
async fn stores_leave_connections_to_visitors_and_visitors_do_not_stop_them_for_ever() {
    let house = House::new().await;
    let pool = pool::open(&house.database.url(), 2).unwrap();
    let validity = PictureValidity::new(pool.clone(), None);
    let ((_, first), (_, second)) = (house.photo().await, house.photo().await);
    let path = |token: PhotoToken| format!("/i/{OWNER}/{token}/640.webp");
    let stored = validity.lease(&path(first)).await.unwrap();
    let next = tokio::spawn({
        let (validity, path) = (validity.clone(), path(second));
        async move { validity.lease(&path).await }
    });
    let visitor = pool.acquire().await.unwrap();
    assert!(!next.is_finished(), "it took what is the visitors'");
    drop(stored);
    // Now it is its turn, and there is no connection; the accelerator would wait for a second.
    let other = pool.acquire().await.unwrap();
    assert!(!next.is_finished());
    drop((visitor, other));
    assert!(next.await.unwrap().is_some());
    // Who gives up while waiting leaves nothing behind.
    let all = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap()];
    let path = path(first);
    let waits = validity.lease(&path);
    assert!(
        tokio::time::timeout(Duration::from_millis(20), waits)
            .await
            .is_err()
    );
    drop(all);
    assert!(validity.lease(&path).await.is_some());
    for (path, current) in [
        (assets::url("site.css"), true),
        ("/static/site.0123456789ab.css", false),
        ("/i/1/none/640.webp", false),
        ("/people", false),
    ] {
        assert_eq!(validity.lease(path).await.is_some(), current, "{path}");
        assert_eq!(validity.still_current(path).await, current, "{path}");
    }
}
