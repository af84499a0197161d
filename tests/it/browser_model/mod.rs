//! What the benchmarker's browser asks for is what a real one asks for, on the first visit of a page and
//! on the second.

mod recorder;

use std::collections::BTreeSet;
use std::time::Duration;

use benchmarker::{Lazy, Order, PageList, Plan, Visitors};
use fantoccini::Client;
use serde_json::Value;
use sqlx::Connection as _;

use crate::browser::{Driver, ask, until};
use crate::stack::site::{Site, folder};
use recorder::{Asked, Recorder};

/// The window of the model: its height follows from its width.
const WIDTH_PX: u64 = 1280;
const HEIGHT_PX: u64 = 720;

/// How many pictures the guess at lazy ones may have too many or too few: those of the people page are the
/// worst, because css alone says how wide they are.
const WRONG_MAX: usize = 20;

/// What one visit asks for: paths, and `?` behind the one that is only asked about.
type Visit = BTreeSet<String>;

/// Both visits of one page by the benchmarker, as `recorder` saw them.
fn model(recorder: &Recorder, page: &str, lazy: Lazy) -> [Visit; 2] {
    let base = format!("http://{}", recorder.address);
    let pages = PageList::parse(&format!("{page}\n{page}\n"), Some(&base)).unwrap();
    let plan = Plan::new(pages)
        .visitors(Visitors::Returning)
        .order(Order::File)
        .once()
        .warmup(Duration::ZERO)
        .viewport_px(WIDTH_PX as u32)
        .lazy(lazy);
    let report = benchmarker::run(&plan).unwrap();
    assert_eq!(report.pages, 2, "{page}: {report:?}");
    let asked = recorder.take();
    let second = asked.iter().rposition(|a| a.path == page).unwrap();
    [visit(&asked[..second], ""), visit(&asked[second..], "")]
}

/// Both visits of one page by Chromium in a new profile, through a window with this height inside.
async fn chromium(driver: &Driver, recorder: &Recorder, page: &str, height_px: u64) -> [Visit; 2] {
    let browser = driver.browser().await;
    resize(&browser, height_px).await;
    let address = format!("http://{}{page}", recorder.address);
    let mut visits = Vec::new();
    for _ in 0..2 {
        browser.goto(&address).await.unwrap();
        until(&browser, "document.readyState === 'complete'").await;
        let ahead = "[...document.querySelectorAll('link[rel=next][data-srcset]')].map((next) =>
            next.dataset.srcset.split(', ').map((file) => next.dataset.folder + file)).join()";
        let ahead = ask(&browser, ahead).await;
        let asked = tokio::task::block_in_place(|| recorder.take());
        visits.push(visit(&asked, ahead.as_str().unwrap()));
        // Coming from elsewhere is a navigation; the same address again would be a reload.
        browser.goto("about:blank").await.unwrap();
    }
    browser.close().await.unwrap();
    visits.try_into().unwrap()
}

/// The paths of a recording, without the picture that only a script of the page asks for, ahead of need, from this set of
/// sources: the model runs no script.
fn visit(asked: &[Asked], ahead: &str) -> Visit {
    let by_script = |a: &Asked| ahead.split([' ', ',']).any(|source| source == a.path);
    let conditional =
        |a: &Asked| a.header("If-None-Match").is_some() || a.header("If-Modified-Since").is_some();
    let asked = asked.iter().filter(|a| !by_script(a));
    asked
        .map(|a| format!("{}{}", a.path, if conditional(a) { " ?" } else { "" }))
        .collect()
}

/// Gives the page so much room; the frame of the window comes on top.
async fn resize(browser: &Client, height_px: u64) {
    let frame = ask(browser, "outerHeight - innerHeight")
        .await
        .as_u64()
        .unwrap();
    let outside = u32::try_from(height_px + frame).unwrap();
    browser
        .set_window_size(WIDTH_PX as u32, outside)
        .await
        .unwrap();
    until(
        browser,
        &format!("innerHeight === {height_px} && innerWidth === {WIDTH_PX}"),
    )
    .await;
}

/// Five pages of the site, and for each the height at which all its pictures are near the window, but the
/// end of the page, where the next slice would be fetched, is not.
async fn pages(driver: &Driver, base: &str, owner: &str) -> Vec<(String, u64)> {
    let browser = driver.browser().await;
    resize(&browser, HEIGHT_PX).await;
    let stream = format!("/people/{owner}");
    let path_of = async |link: &str| -> String {
        let path = ask(&browser, &format!("({link}).pathname")).await;
        path.as_str().unwrap().to_owned()
    };
    browser.goto(&format!("{base}{stream}")).await.unwrap();
    let photo = path_of("document.querySelector('.photos a.open')").await;
    // The month with the most photos: the archive itself only redirects to the newest.
    browser
        .goto(&format!("{base}{stream}/archive"))
        .await
        .unwrap();
    let month = "[...document.querySelectorAll('.rail a')].reduce((most, a) => \
        Number(a.querySelector('span').textContent) > Number(most.querySelector('span').textContent) ? a : most)";
    let archive = path_of(month).await;
    let mut pages = Vec::new();
    for page in ["/".to_owned(), "/people".to_owned(), stream, photo, archive] {
        browser.goto(&format!("{base}{page}")).await.unwrap();
        let end = "document.querySelector('.photos') && document.querySelector('.pager')";
        let height = format!("({end}) ? ({end}).offsetTop - 1210 : document.body.scrollHeight");
        let height_px = match ask(&browser, &height).await {
            Value::Number(px) => px.as_f64().unwrap() as u64,
            other => panic!("{page}: {other}"),
        };
        pages.push((page, height_px.max(HEIGHT_PX)));
    }
    browser.close().await.unwrap();
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_benchmarkers_browser_asks_for_what_chromium_asks_for() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let record = site.record();
    let listen = record["listen"].as_str().unwrap().to_owned();
    let mut database = sqlx::PgConnection::connect(record["database_url"].as_str().unwrap())
        .await
        .unwrap();
    let owner: String =
        sqlx::query_scalar("select name from users order by public_photo_count desc limit 1")
            .fetch_one(&mut database)
            .await
            .unwrap();
    database.close().await.unwrap();
    let driver = Driver::start();
    let recorder = Recorder::before(listen.parse().unwrap());

    for (page, tall_px) in pages(&driver, &format!("http://{listen}"), &owner).await {
        let skipping = tokio::task::block_in_place(|| model(&recorder, &page, Lazy::Skip));
        let including = tokio::task::block_in_place(|| model(&recorder, &page, Lazy::Include));

        // Where all lazy pictures are near, exactly what the model asks for that includes them. The picture
        // of a photo page is chosen by the height of the window, but there is no lazy one.
        let has_lazy = skipping != including;
        let height_px = if has_lazy { tall_px } else { HEIGHT_PX };
        let [first, second] = chromium(&driver, &recorder, &page, height_px).await;
        assert_eq!(including[0], first, "first visit of {page}");
        assert_eq!(including[1], second, "second visit of {page}");

        // In a window of the usual height something between all and none of them.
        if has_lazy {
            let [first, second] = chromium(&driver, &recorder, &page, HEIGHT_PX).await;
            assert!(
                skipping[0].is_subset(&first) && first.is_subset(&including[0]),
                "{page}: {first:#?} is not between {skipping:#?} and {including:#?}"
            );
            assert_eq!(skipping[1], second, "second visit of {page}");
            let near = tokio::task::block_in_place(|| model(&recorder, &page, Lazy::Near));
            let wrong = near[0].symmetric_difference(&first).count();
            assert!(
                wrong <= WRONG_MAX,
                "{page}: {near:#?} is a bad guess at {first:#?}"
            );
        }
    }
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
