//! The lab in a real browser, as an audience sees it: a benchmark, the switch, the fall and the way back.

use std::time::Duration;

use fantoccini::Client;
use serde_json::json;

use crate::browser::{Driver, ask, click, until};
use crate::stack::site::{Site, folder, up};

/// How long each state of the index is measured here. A result is kept of three seconds at least.
const MEASURED: Duration = Duration::from_secs(5);

/// The sizes at which nothing may cover anything else: phones, a tablet, a projector, desks.
const SIZES: [(u32, u32); 7] = [
    (320, 640),
    (390, 844),
    (768, 1024),
    (820, 1180),
    (1280, 720),
    (1440, 900),
    (1920, 1080),
];

/// Texts of the drawings that cover each other, and what is wider than the page. A pixel is no overlap: letters have
/// room around them.
const COVERED: &str = "(() => {
    const found = [];
    const texts = [...document.querySelectorAll('.lab svg text, .lab .head, .headline span, .states li')]
        .map((node) => ({ node, box: node.getBoundingClientRect(), said: node.textContent.trim() }))
        .filter(({ box, said }) => box.width > 0 && said !== '' && said !== '→' && said !== 'then');
    for (const [at, one] of texts.entries()) {
        for (const other of texts.slice(at + 1)) {
            if (one.node.contains(other.node) || other.node.contains(one.node)) continue;
            const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            if (wide > 1 && high > 4) found.push(one.said + ' / ' + other.said);
        }
    }
    const width = innerWidth;
    const lab = document.querySelector('.lab');
    if (lab.scrollWidth > width) found.push('the lab is wider than its window');
    for (const { box, said } of texts) {
        if (box.right > width + 1 || box.left < -1) found.push('outside: ' + said);
    }
    return found;
})()";

/// Notes from now on where the drawings begin, and what moves by itself (Layout Instability API, WICG).
const NOTE_TOPS: &str = "(() => {
    window.tops = [];
    window.moved = 0;
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.moved += shift.value;
    }).observe({ type: 'layout-shift' });
    const note = () => {
        const top = Math.round(document.querySelector('.panels').getBoundingClientRect().top + scrollY);
        if (!tops.includes(top)) tops.push(top);
        requestAnimationFrame(note);
    };
    note();
})()";

/// The value beside a curve of the lab, in milliseconds or whatever it is counted in.
fn value_of(name: &str) -> String {
    format!(
        "Number([...document.querySelectorAll('.ends text')].find(t => t.textContent.startsWith('{name}'))
            .querySelector('.value').textContent.replace(/[^0-9.]/g, ''))"
    )
}

/// How many cores a program uses.
fn cores_of(name: &str) -> String {
    format!(
        "Number([...document.querySelectorAll('.cpu .head')].find(t => t.textContent.startsWith('{name}'))
            .querySelector('.now').textContent)"
    )
}

fn event(label: &str) -> String {
    format!("[...document.querySelectorAll('text.event')].some(t => t.textContent === '{label}')")
}

async fn nothing_is_covered(driver: &Driver, browser: &Client, state: &str) {
    for (width, height) in SIZES {
        driver.resize(browser, width, height).await;
        // Drawn anew for the new size.
        until(browser, &format!("innerWidth === {width}")).await;
        assert_eq!(
            ask(browser, COVERED).await,
            json!([]),
            "{state}, {width} x {height}"
        );
        if height == 720 {
            let in_sight = "document.querySelectorAll('.panels .row .plot[height=\"128\"]')[0]
                .getBoundingClientRect().bottom + scrollY <= innerHeight
                && document.querySelector('.switch').getBoundingClientRect().top + scrollY >= 0";
            assert_eq!(
                ask(browser, in_sight).await,
                json!(true),
                "{state}: the curve and the switch"
            );
        }
    }
    driver.resize(browser, 1280, 900).await;
    until(browser, "innerWidth === 1280").await;
}

#[tokio::test]
async fn the_lab_shows_how_a_dropped_index_bends_the_curve_and_how_it_comes_back() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || {
        let mut command = up(&path);
        // Enough photos that walking all of them is felt.
        command.args(["--users=1000", "--photos=60000"]);
        let mut site = Site::start_as(command, &path);
        site.wait_for("ready http://");
        site
    })
    .await
    .unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let driver = Driver::start();
    let browser = driver.browser().await;
    browser.goto(&format!("{base}/lab")).await.unwrap();
    until(
        &browser,
        "document.querySelector('.switch[aria-pressed=true]:enabled')",
    )
    .await;
    nothing_is_covered(&driver, &browser, "idle").await;
    ask(&browser, NOTE_TOPS).await;

    // Load, and it is drawn without leaving the page.
    ask(&browser, "window.stays = true").await;
    click(&browser, ".controls form:last-of-type button").await;
    until(&browser, &event("benchmark begins")).await;
    let (p50, postgres) = (value_of("p50"), cores_of("PostgreSQL"));
    until(
        &browser,
        &format!(
            "(window.first = {p50}) > 0 && [...document.querySelectorAll('.wide text')]
                .some(t => t.textContent.startsWith('memcached '))"
        ),
    )
    .await;
    until(
        &browser,
        "/pages\\/s with the index/.test(document.querySelector('.headline').textContent)",
    )
    .await;
    let before = ask(&browser, "window.first").await.as_f64().unwrap();
    let cores_before = ask(&browser, &postgres).await.as_f64().unwrap();

    // The switch: the curve bends, the database has most of the processor, and the page says how many times.
    let told = "document.querySelector('.told p:last-of-type').textContent";
    until(&browser, &format!("{told}.includes('flip the switch now')")).await;
    tokio::time::sleep(MEASURED).await;
    click(&browser, ".switch").await;
    until(&browser, &event("index dropped")).await;
    until(
        &browser,
        &format!("(window.slow = {p50}) > 3 * {before} && {postgres} > 2 * {cores_before}"),
    )
    .await;
    until(
        &browser,
        "/→.*pages\\/s.*times slower/s.test(document.querySelector('.headline.worse').textContent)",
    )
    .await;
    let says = ask(&browser, told).await;
    assert!(
        !says.as_str().unwrap().contains("flip the switch now"),
        "{says}"
    );
    let red = "getComputedStyle(document.querySelector('.state.gone')).color
        === getComputedStyle(document.querySelector('.headline .verdict')).color
        && document.querySelector('.state').textContent === 'dropped'
        && document.querySelector('.plot rect.gone') !== null";
    until(&browser, red).await;
    until(
        &browser,
        "document.querySelector('.plans').textContent.includes('of other people away')",
    )
    .await;

    tokio::time::sleep(MEASURED).await;

    // And back.
    until(
        &browser,
        "document.querySelector('.switch[aria-pressed=false]:enabled')",
    )
    .await;
    click(&browser, ".switch").await;
    until(&browser, &event("index back")).await;
    until(&browser, &format!("{p50} > 0 && {p50} < window.slow / 2")).await;
    until(
        &browser,
        "/With it again: .*pages/.test(document.querySelector('.states').textContent)",
    )
    .await;
    click(&browser, ".controls form:last-of-type button").await;
    until(
        &browser,
        &format!("{told}.startsWith('The benchmark is over: ')"),
    )
    .await;

    // No request failed, nothing moved under the reader, and the picture went on in the same page.
    let outcome = ask(&browser, told).await;
    assert!(
        outcome.as_str().unwrap().contains("none failed"),
        "{outcome}"
    );
    let tops = ask(&browser, "tops").await;
    assert_eq!(
        tops.as_array().unwrap().len(),
        1,
        "the drawings moved: {tops}"
    );
    assert_eq!(
        ask(&browser, "moved").await,
        json!(0),
        "something moved by itself"
    );
    assert_eq!(ask(&browser, "window.stays").await, json!(true));
    nothing_is_covered(&driver, &browser, "over").await;
    assert_eq!(driver.complaints(&browser).await, Vec::<String>::new());
    browser.close().await.unwrap();
    drop(driver);

    // The command line has the same result, kept in the database a moment later.
    let mut kept = index_status(dir.path());
    for _ in 0..60 {
        if kept.contains("under the same load") {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        kept = index_status(dir.path());
    }
    assert!(
        kept.contains("under the same load")
            && kept.contains("times slower: with it, then without it"),
        "{kept}"
    );
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}

/// What `index status` prints.
fn index_status(state: &std::path::Path) -> String {
    let output = crate::stack::site::run(crate::stack::site::program(state, &["index", "status"]));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
