//! Every page in every window: on a phone and on a desk, by day and by night, for a visitor and for a
//! member nothing is too wide, too small or covered, axe finds no violation and vnu no mistake.

use std::path::{Path, PathBuf};
use std::process::Command;

use fantoccini::Client;
use serde_json::{Value, json};

use crate::browser::{Driver, ask, click, fill, until};
use crate::stack::site::{Site, folder};
use crate::town::jpeg;

/// The widths of what is held in a hand, two phones and a tablet; and of a desk.
const HANDS: [u32; 3] = [320, 390, 768];
const DESKS: [u32; 1] = [1440];

/// The widths in which axe looks as well, by day and by night.
const WIDTHS_FOR_AXE: [u32; 2] = [390, 1440];

const FAULTS: &str = include_str!("../browser/faults.js");

const AXE: &str = "const done = arguments[arguments.length - 1];
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then((found) => done(
        found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`))
    ), (error) => done([String(error)]));";

/// A file of what `npm ci` brings.
fn npm(path: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/browser/node_modules")
        .join(path);
    assert!(
        file.exists(),
        "{} is missing: make install-for-tests",
        file.display()
    );
    file
}

/// A browser, and the widths of its window. A headless one does not find back from a finger to its
/// mouse, so each has either for life.
struct Window<'a> {
    driver: &'a Driver,
    browser: Client,
    widths: &'static [u32],
}

impl<'a> Window<'a> {
    async fn open(driver: &'a Driver, widths: &'static [u32]) -> Self {
        let browser = driver.browser().await;
        // Pictures move nothing, and drawing them takes time.
        driver.devtools(&browser, "Network.enable", json!({})).await;
        let pictures = json!({ "urls": ["*/i/*", "*/image/*"] });
        driver
            .devtools(&browser, "Network.setBlockedURLs", pictures)
            .await;
        let touch = widths != DESKS;
        // Also to forbid the finger would take away the mouse.
        if touch {
            let finger = json!({ "enabled": true, "maxTouchPoints": 1 });
            driver
                .devtools(&browser, "Emulation.setTouchEmulationEnabled", finger)
                .await;
        }
        let window = Self {
            driver,
            browser,
            widths,
        };
        window.resize(widths[0]).await;
        let hover = if touch { "none" } else { "hover" };
        let hover = format!("matchMedia('(hover: {hover})').matches");
        assert_eq!(ask(&window.browser, &hover).await, true);
        window
    }

    async fn resize(&self, width: u32) {
        let mobile = self.widths != DESKS;
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": mobile });
        self.driver
            .devtools(&self.browser, "Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    async fn light(&self, scheme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver
            .devtools(&self.browser, "Emulation.setEmulatedMedia", media)
            .await;
    }

    /// What is wrong with the page that is open.
    async fn faults(&self, axe: &str) -> Vec<String> {
        let browser = &self.browser;
        let open =
            "document.querySelectorAll('.danger, .plans details').forEach((d) => d.open = true)";
        ask(browser, open).await;
        browser.execute(axe, vec![]).await.expect("axe loads");
        let mut found = Vec::new();
        for width in self.widths {
            self.resize(*width).await;
            let wide = format!("matchMedia('(width: {width}px)').matches");
            until(browser, &wide).await;
            let wrong = sentences(browser.execute(FAULTS, vec![json!(width)]).await);
            found.extend(wrong.iter().map(|wrong| format!("at {width} px: {wrong}")));
            if !WIDTHS_FOR_AXE.contains(width) {
                continue;
            }
            for scheme in ["light", "dark"] {
                self.light(scheme).await;
                let wrong = sentences(browser.execute_async(AXE, vec![]).await);
                found.extend(
                    wrong
                        .iter()
                        .map(|wrong| format!("at {width} px, {scheme}: {wrong}")),
                );
            }
        }
        found
    }

    /// Writes the page that is open into a file, as the site sent it.
    async fn save(&self, file: &Path) {
        let again = "const done = arguments[arguments.length - 1];
            fetch(location.href).then((answer) => answer.text()).then(done);";
        let html = self.browser.execute_async(again, vec![]).await;
        let html = html.expect("the page once more");
        std::fs::write(file, html.as_str().expect("a text")).expect("a file");
    }

    /// Sends the form of the page with these fields.
    async fn send(&self, url: &str, fields: &[(&str, &str)]) {
        self.browser.goto(url).await.expect(url);
        for (field, text) in fields {
            fill(&self.browser, &format!("#{field}"), text).await;
        }
        click(&self.browser, ".card > button").await;
    }
}

fn sentences(answer: Result<Value, fantoccini::error::CmdError>) -> Vec<String> {
    serde_json::from_value(answer.expect("an answer")).expect("a list of sentences")
}

/// What the Nu Html Checker calls an error in the files of a folder.
fn mistakes(pages: &Path) -> Vec<String> {
    let answer = Command::new("java")
        .arg("-jar")
        .arg(npm("vnu-jar/build/dist/vnu.jar"))
        .args(["--format", "json", "--exit-zero-always", "--skip-non-html"])
        .arg(pages)
        .output()
        .expect("java is installed (make install-for-tests)");
    let report: Value = serde_json::from_slice(&answer.stderr)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&answer.stderr)));
    let messages = report["messages"].as_array().expect("messages");
    messages
        .iter()
        .filter(|message| message["type"] == "error" || message["type"] == "non-document-error")
        .map(|message| {
            let url = message["url"].as_str().unwrap_or_default();
            let file = url.rsplit('/').next().unwrap_or_default();
            format!("{file}: {}, at {}", message["message"], message["extract"])
        })
        .collect()
}

#[tokio::test]
async fn every_page_fits_every_window_and_is_accessible_and_valid() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let driver = Driver::start();
    let windows = [
        Window::open(&driver, &DESKS).await,
        Window::open(&driver, &HANDS).await,
    ];
    let browser = &windows[0].browser;

    let path_of = async |page: &str, link: &str| -> String {
        browser.goto(&format!("{base}{page}")).await.unwrap();
        let link = format!("document.querySelector('{link}').href");
        let url = ask(browser, &link).await;
        url.as_str().unwrap().replace(&base, "")
    };
    let slice = path_of("/", ".pager [rel=next]").await;
    let photo = path_of("/", ".photos .open").await;
    let person = photo.rsplit_once('/').unwrap().0.to_owned();
    let month = path_of(&format!("{person}/archive"), ".rail a").await;
    let mut pages = [
        "/",
        "/people",
        "/lab",
        "/no/such/page",
        "/login",
        "/register",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.extend([slice, person, photo, month]);

    let html = dir.path().join("html");
    std::fs::create_dir(&html).unwrap();
    let axe = std::fs::read_to_string(npm("axe-core/axe.min.js")).unwrap();
    let mut found = Vec::new();
    let visit = async |pages: &[String], visitor: &str, found: &mut Vec<String>| {
        for page in pages {
            for window in &windows {
                window.browser.goto(&format!("{base}{page}")).await.unwrap();
                until(&window.browser, "document.readyState === 'complete'").await;
                let wrong = window.faults(&axe).await;
                found.extend(
                    wrong
                        .iter()
                        .map(|wrong| format!("{visitor}, {page} {wrong}")),
                );
            }
            let name = page.replace(['/', '?', '='], "-");
            windows[0]
                .save(&html.join(format!("{visitor}{name}.html")))
                .await;
        }
    };
    visit(&pages, "visitor", &mut found).await;

    // A member with a long name, and a photo that is not for everybody.
    let [name, password] = ["a-member-with-a-long-name", "correct horse battery"];
    let shown = ("display_name", "Maximiliane von Hohenfels-Waldburg");
    let fields = [("name", name), shown, ("password", password)];
    windows[0].send(&format!("{base}/register"), &fields).await;
    until(browser, "document.querySelector('.me form')").await;
    let fields = [("name", name), ("password", password)];
    windows[1].send(&format!("{base}/login"), &fields).await;
    until(&windows[1].browser, "document.querySelector('.me form')").await;
    let picture = dir.path().join("picture.jpg");
    std::fs::write(&picture, jpeg(9, 900, 600)).unwrap();
    browser.goto(&format!("{base}/upload")).await.unwrap();
    fill(browser, "#picture", picture.to_str().unwrap()).await;
    click(browser, "[name=visibility][value=private]").await;
    click(browser, ".card > button").await;
    until(browser, "document.querySelector('.frame')").await;
    let own = browser.current_url().await.unwrap().path().to_owned();
    let stream = own.rsplit_once('/').unwrap().0.to_owned();
    pages.retain(|page| page != "/login" && page != "/register");
    pages.extend([own, stream, "/upload".to_owned()]);
    visit(&pages, "member", &mut found).await;

    found.extend(mistakes(&html));
    assert!(
        found.is_empty(),
        "{} faults:\n{}",
        found.len(),
        found.join("\n")
    );
    for window in windows {
        window.browser.close().await.unwrap();
    }
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
