//! A person with a real browser: looks around, turns pages, joins, posts; and the console stays clean.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::stack::site::{Site, folder};
use crate::town::jpeg;

/// How long the browser may take for one step on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chromedriver of our own; its browsers end with it.
pub(crate) struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    pub(crate) fn start() -> Self {
        // The port that it finds for IPv4 may be taken for IPv6; then it ends.
        let mut tries = std::iter::repeat_with(Self::try_start).take(5);
        tries
            .find_map(|driver| driver)
            .expect("chromedriver says its port")
    }

    fn try_start() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver is installed (make install-for-tests)");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe"))
            .lines()
            .map_while(Result::ok);
        let port = lines.find_map(|line| {
            line.split_once("successfully on port ")
                .map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        let Some(port) = port else {
            process.wait().expect("an end");
            return None;
        };
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(crate) async fn browser(&self) -> Client {
        let capabilities = json!({
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--window-size=1280,900", "--force-prefers-reduced-motion", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
                // With a mouse: without one a headless browser takes itself for a phone.
                "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
            ]},
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().expect("an object").clone();
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.url)
            .await
            .expect("a browser")
    }

    /// Gives the page another size; a window has at least 500 pixels, a page does not.
    pub(crate) async fn resize(&self, browser: &Client, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools(browser, "Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// Sends a command of the Chrome `DevTools` Protocol.
    pub(crate) async fn devtools(&self, browser: &Client, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        let answer = self.post(browser, "goog/cdp/execute", &body).await;
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
    }

    /// Sends a command that `WebDriver` has no name for.
    async fn post(&self, browser: &Client, command: &str, body: &Value) -> Value {
        let session = browser
            .session_id()
            .await
            .expect("an answer")
            .expect("a session");
        let url = format!("{}/session/{session}/{command}", self.url);
        let answer = reqwest::Client::new()
            .post(url)
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    /// Returns the errors and warnings on the console.
    pub(crate) async fn complaints(&self, browser: &Client) -> Vec<String> {
        let log = self
            .post(browser, "se/log", &json!({ "type": "browser" }))
            .await;
        let entries = log["value"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| panic!("no log in {log}"));
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].to_string())
            .collect()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group: a browser whose driver is gone would stay.
        let group = nix::unistd::Pid::from_raw(self.process.id() as i32);
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

/// Asks the page again and again until an expression is true. Each time anew: a question that waits
/// inside of a page is lost with it when the browser goes on to the next.
pub(crate) async fn until(browser: &Client, condition: &str) {
    let script = format!("return Boolean({condition});");
    let mut said = String::new();
    let asked = async {
        loop {
            match browser.execute(&script, vec![]).await {
                Ok(Value::Bool(true)) => return,
                answer => said = format!("{answer:?}"),
            }
        }
    };
    if tokio::time::timeout(PATIENCE, asked).await.is_err() {
        panic!("never: {condition}; at last {said}");
    }
}

pub(crate) async fn ask(browser: &Client, expression: &str) -> Value {
    browser
        .execute(&format!("return {expression};"), vec![])
        .await
        .expect(expression)
}

/// How far things moved on their own since the page began (Layout Instability API, WICG).
async fn layout_shift(browser: &Client) -> Value {
    let script = "const done = arguments[arguments.length - 1];
        let sum = 0;
        const observer = new PerformanceObserver((list) => {
            for (const shift of list.getEntries()) sum += shift.value;
        });
        observer.observe({ type: 'layout-shift', buffered: true });
        const wait = (frames) => frames ? requestAnimationFrame(() => wait(frames - 1)) : done(sum);
        wait(30);";
    browser
        .execute_async(script, vec![])
        .await
        .expect("an answer")
}

pub(crate) async fn fill(browser: &Client, field: &str, text: &str) {
    browser
        .find(Locator::Css(field))
        .await
        .expect(field)
        .send_keys(text)
        .await
        .expect(field);
}

pub(crate) async fn click(browser: &Client, what: &str) {
    browser
        .find(Locator::Css(what))
        .await
        .expect(what)
        .click()
        .await
        .expect(what);
}

#[tokio::test]
async fn a_person_browses_turns_pages_joins_and_posts() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let record = site.record();
    let base = format!("http://{}", record["listen"].as_str().unwrap());
    let mut database = sqlx::PgConnection::connect(record["database_url"].as_str().unwrap())
        .await
        .unwrap();
    let owner: String =
        sqlx::query_scalar("select name from users order by public_photo_count desc limit 1")
            .fetch_one(&mut database)
            .await
            .unwrap();
    let driver = Driver::start();
    let browser = driver.browser().await;

    // Explore: pictures are there, nothing moved while they came.
    browser.goto(&base).await.unwrap();
    until(&browser, "[...document.querySelectorAll('.photos img:not([loading])')].every(i => i.complete && i.naturalWidth > 0)").await;
    assert_eq!(
        layout_shift(&browser).await,
        json!(0),
        "the page moved while its pictures came"
    );
    until(
        &browser,
        "/queries|query/.test(document.querySelector('.cost').textContent)",
    )
    .await;

    // A photostream: the next slice comes by itself, and is in the address bar once it is seen.
    browser
        .goto(&format!("{base}/people/{owner}"))
        .await
        .unwrap();
    assert_eq!(
        ask(&browser, "document.querySelectorAll('.photos > li').length").await,
        json!(40)
    );
    ask(&browser, "scrollTo(0, document.body.scrollHeight)").await;
    until(
        &browser,
        "document.querySelectorAll('.photos > li').length >= 80",
    )
    .await;
    ask(
        &browser,
        "document.querySelectorAll('.photos > li')[41].scrollIntoView()",
    )
    .await;
    until(&browser, "location.search.startsWith('?before=')").await;

    // A photo, and the one beside it by the arrow key.
    browser
        .goto(&format!("{base}/people/{owner}"))
        .await
        .unwrap();
    click(&browser, ".photos > li a.open").await;
    until(&browser, "document.querySelector('.frame img')?.complete").await;
    // The picture of the next photo is fetched ahead, and its page is not.
    until(
        &browser,
        "performance.getEntriesByType('resource').some(r => new URL(r.name).pathname
            .startsWith(document.querySelector('link[rel=next]').dataset.folder))",
    )
    .await;
    assert_eq!(
        ask(
            &browser,
            "performance.getEntriesByType('resource').some(r =>
                r.name === document.querySelector('link[rel=next]').href)"
        )
        .await,
        json!(false)
    );
    let first = browser.current_url().await.unwrap();
    browser
        .find(Locator::Css("body"))
        .await
        .unwrap()
        .send_keys("\u{e014}")
        .await
        .unwrap();
    until(
        &browser,
        &format!("location.href !== '{first}' && document.querySelector('.frame img')?.complete"),
    )
    .await;
    browser
        .find(Locator::Css("body"))
        .await
        .unwrap()
        .send_keys("\u{e012}")
        .await
        .unwrap();
    until(&browser, &format!("location.href === '{first}'")).await;

    // Joining and posting.
    browser.goto(&format!("{base}/register")).await.unwrap();
    fill(&browser, "#name", "browser-person").await;
    fill(&browser, "#password", "correct horse battery").await;
    click(&browser, ".card button").await;
    until(
        &browser,
        "document.querySelector('.me a[href=\"/people/browser-person\"]')",
    )
    .await;
    let picture = dir.path().join("Evening_in__Oslo.v2.jpg");
    std::fs::write(&picture, jpeg(9, 900, 600)).unwrap();
    let too_large = dir.path().join("too-large.jpg");
    let file = std::fs::File::create(&too_large).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    browser.goto(&format!("{base}/upload")).await.unwrap();
    fill(&browser, "#picture", picture.to_str().unwrap()).await;
    until(
        &browser,
        "document.querySelector('#title').value === 'Evening in Oslo.v2'",
    )
    .await;
    // A camera's name is no title, and a title that was typed stays.
    let camera = dir.path().join("IMG_20240101_0001.jpg");
    std::fs::copy(&picture, &camera).unwrap();
    fill(&browser, "#picture", camera.to_str().unwrap()).await;
    until(&browser, "document.querySelector('#title').value === ''").await;
    fill(&browser, "#title", "From a browser").await;
    // Too large: nothing is sent, what was typed stays, and another file is taken.
    fill(&browser, "#picture", too_large.to_str().unwrap()).await;
    click(&browser, ".card > button").await;
    until(
        &browser,
        "document.querySelector('#picture').validationMessage.includes('64 MB') && document.querySelector('#title').value === 'From a browser'",
    )
    .await;
    fill(&browser, "#picture", picture.to_str().unwrap()).await;
    until(
        &browser,
        "document.querySelector('#picture').files[0].name.startsWith('Evening')",
    )
    .await;
    assert_eq!(
        ask(
            &browser,
            "[...document.querySelectorAll('[name=visibility]')].map(i => i.value)"
        )
        .await,
        json!(["public", "private"])
    );
    click(&browser, ".card > button").await;
    until(
        &browser,
        "document.querySelector('.frame img')?.naturalWidth > 0",
    )
    .await;
    assert_eq!(
        ask(&browser, "document.querySelector('h1').textContent").await,
        json!("From a browser")
    );
    click(&browser, ".danger summary").await;
    click(&browser, ".danger button").await;
    until(
        &browser,
        "location.pathname === '/people/browser-person' && document.querySelector('.empty')",
    )
    .await;

    // Whatever the pages did, the console has nothing to complain about.
    assert_eq!(driver.complaints(&browser).await, Vec::<String>::new());
    browser.close().await.unwrap();
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
