//! Connections to the database that are closed while the server lives cost no page.

use futures::future::join_all;
use reqwest::StatusCode;

use crate::town::{Town, Visitor};

/// How many requests are sent after all connections were closed: more than the pool has.
const MORE_THAN_THE_POOL: usize = 12;

/// Closes every connection of the site, and waits until the server has ended them.
async fn cut(town: &Town) {
    let ended: i64 = town
        .ask(
            "select count(*) from (
               select pg_terminate_backend(pid, 60000)
                 from pg_stat_activity
                where datname = current_database() and application_name = 'flickr-killr'
             ) ended",
        )
        .await;
    assert!(ended > 0, "the site had no connection");
}

/// Fills the pool: so many pages at once need all of its connections.
async fn fill(visitor: &Visitor) {
    let pages = (0..MORE_THAN_THE_POOL).map(|_| visitor.get("/"));
    for page in join_all(pages).await {
        assert_eq!(page.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn pages_and_pictures_are_asked_once_more_when_their_connection_was_closed() {
    let town = Town::new().await;
    let ann = town.newcomer("ann").await;
    let owner = town.biggest_owner().await;
    let stream = format!("/people/{owner}");
    let pictures = ann.get(&stream).await.values_of("src");
    let mut pictures = pictures.iter().filter(|url| url.starts_with("/i/"));
    for round in 0..3 {
        fill(&ann).await;
        cut(&town).await;
        for path in ["/", "/people", stream.as_str(), "/lab"] {
            for (method, headers) in [("GET", &[][..]), ("HEAD", &[])] {
                let answer = ann.ask(method, path, headers).await;
                assert_eq!(answer.status, StatusCode::OK, "{round}: {method} {path}");
            }
        }
        fill(&ann).await;
        cut(&town).await;
        // All at once: each meets a connection of its own.
        fill(&ann).await;
        cut(&town).await;
        // Not drawn yet: the file is looked up, drawn, and placed while the photo is held.
        let picture = pictures.next().expect("a picture");
        assert_eq!(ann.get(picture).await.status, StatusCode::OK, "{picture}");
    }
    // In the same test: the process remembers for all its pools that a connection was closed.
    a_write_is_not_repeated_but_its_failure_clears_the_pool(&town, &ann).await;
}

async fn a_write_is_not_repeated_but_its_failure_clears_the_pool(town: &Town, ann: &Visitor) {
    for round in 0..3 {
        fill(ann).await;
        // One after the other: by then the connections of those before are idle again.
        assert_eq!(ann.get("/").await.status, StatusCode::OK);
        cut(town).await;
        let name = format!("newcomer-{round}");
        let form = [
            ("name", name.as_str()),
            ("password", "correct horse battery"),
        ];
        let first = town.stranger().post("/register", &form).await;
        assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE, "{round}");
        assert_eq!(first.header("retry-after"), "2");
        let next = town.stranger().post("/register", &form).await;
        assert_eq!(next.status, StatusCode::SEE_OTHER, "{}", next.text());
    }
}
