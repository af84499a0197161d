//! Lists in a browser: they go on to their end, and "back" leads to where one was.

use fantoccini::Client;
use serde_json::{Value, json};

use crate::browser::{Driver, ask, click, until};
use crate::stack::site::{Site, folder};

/// Every batch of entries begins with one that is no longer true, as it may when an observer is late.
const OBSERVER_IS_LATE: &str = "const Observer = IntersectionObserver;
    window.IntersectionObserver = class extends Observer {
        constructor(seen, options) {
            super((entries, self) => seen([{ isIntersecting: false }, ...entries], self), options);
        }
    };";

/// The third slice is refused once.
const ONE_FETCH_FAILS: &str = "const ask = fetch;
    let asked = 0;
    window.fetch = (...words) => (asked += 1) === 2 ? Promise.reject(new Error('away')) : ask(...words);";

async fn each_page(driver: &Driver, browser: &Client, script: &str) {
    let command = "Page.addScriptToEvaluateOnNewDocument";
    driver
        .devtools(browser, command, json!({ "source": script }))
        .await;
}

async fn without_pictures(driver: &Driver, browser: &Client) {
    driver.devtools(browser, "Network.enable", json!({})).await;
    let pictures = json!({ "urls": ["*/i/*"] });
    driver
        .devtools(browser, "Network.setBlockedURLs", pictures)
        .await;
}

async fn number(browser: &Client, expression: &str) -> f64 {
    let value = ask(browser, expression).await;
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{expression} is {value}"))
}

#[tokio::test]
async fn a_list_goes_on_to_its_end_and_back_leads_to_where_one_was() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let driver = Driver::start();
    let browser = driver.browser().await;
    without_pictures(&driver, &browser).await;

    // Back: some slices down, from the photo that lies in the middle of the window.
    browser.goto(&base).await.unwrap();
    let further = "(scrollTo(0, document.body.scrollHeight), document.querySelectorAll('.photos > li').length >= 240)";
    until(&browser, further).await;
    for place in [0, 39, 41, 130, 199] {
        let item = format!("document.querySelectorAll('.photos > li')[{place}]");
        if !ask(&browser, &format!("Boolean({item})"))
            .await
            .as_bool()
            .unwrap()
        {
            // The page is a later slice by now: begin again.
            browser.goto(&base).await.unwrap();
            until(&browser, further).await;
        }
        ask(
            &browser,
            &format!("{item}.scrollIntoView({{ block: 'center' }})"),
        )
        .await;
        let link = ask(
            &browser,
            &format!("{item}.querySelector('.open').getAttribute('href')"),
        )
        .await;
        let link = format!(
            "document.querySelector('.open[href=\"{}\"]')",
            link.as_str().unwrap()
        );
        let top = format!("{link}.getBoundingClientRect().top");
        let before = number(&browser, &top).await;
        let row = number(&browser, &format!("{link}.offsetHeight")).await;
        ask(&browser, &format!("{link}.click()")).await;
        until(&browser, "document.querySelector('.frame')").await;
        browser.back().await.unwrap();
        until(&browser, &format!("{link} && history.state")).await;
        until(
            &browser,
            &format!("Math.abs({top} - {before}) <= {row} + 6"),
        )
        .await;
    }

    // The end, though the observer is late and a slice is refused once.
    each_page(&driver, &browser, OBSERVER_IS_LATE).await;
    each_page(&driver, &browser, ONE_FETCH_FAILS).await;
    browser.goto(&base).await.unwrap();
    until(
        &browser,
        "(scrollTo(0, document.body.scrollHeight), document.querySelector('.pager .end'))",
    )
    .await;
    let photos = "[...document.querySelectorAll('.photos .open')].map((a) => a.href)";
    let count = number(&browser, &format!("{photos}.length")).await;
    assert_eq!(
        number(&browser, &format!("new Set({photos}).size")).await,
        count
    );
    assert!(count > 400.0, "only {count} photos");

    // An arrow key turns photos, not whole pages of them.
    browser.goto(&base).await.unwrap();
    ask(
        &browser,
        "navigation.onnavigate = () => { window.turned = true; }",
    )
    .await;
    ask(
        &browser,
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))",
    )
    .await;
    assert_eq!(ask(&browser, "window.turned").await, Value::Null);

    // Escape leads from a photo back into the list, and from one that was opened alone to its owner.
    ask(&browser, "scrollTo(0, 0)").await;
    click(&browser, ".photos .open").await;
    until(&browser, "document.querySelector('.frame')").await;
    let photo = browser.current_url().await.unwrap();
    let escape = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))";
    ask(&browser, escape).await;
    until(
        &browser,
        "location.pathname === '/' && document.querySelector('.photos')",
    )
    .await;
    browser.goto(photo.as_str()).await.unwrap();
    ask(&browser, escape).await;
    let owner = photo.path().rsplit_once('/').unwrap().0;
    until(
        &browser,
        &format!("location.pathname === '{owner}' && document.querySelector('.photos')"),
    )
    .await;

    browser.close().await.unwrap();
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
