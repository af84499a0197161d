//! The page of one photo in a browser: sharp, whole, and with its name on the first screen.

use fantoccini::Client;
use serde_json::{Value, json};

use crate::browser::{Driver, ask, click, fill, until};
use crate::stack::site::{Site, folder};
use crate::town::jpeg;

/// Name, width and height of the pictures: one much too small, a panorama, a tall one, one as cameras
/// make them.
const PICTURES: [(&str, u16, u16); 4] = [
    ("Small", 60, 40),
    ("Wide", 2600, 1100),
    ("Tall", 500, 2500),
    ("Usual", 2400, 1600),
];

const WINDOWS: [(u32, u32); 4] = [(390, 844), (1440, 900), (1920, 1080), (2560, 1440)];

/// How wide the picture is shown, how wide its file is, and whether it keeps its shape.
const SHOWN: &str = "const done = arguments[arguments.length - 1];
    (async () => {
        const picture = document.querySelector('.frame img');
        await picture.decode();
        const answer = await fetch(picture.currentSrc);
        const file = await createImageBitmap(await answer.blob());
        const box = picture.getBoundingClientRect();
        done({ shown: box.width, file: file.width, high: box.height, room: innerHeight, url: picture.currentSrc });
    })().catch((error) => done({ error: String(error) }));";

async fn window(driver: &Driver, browser: &Client, (width, height): (u32, u32)) {
    let metrics =
        json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    driver
        .devtools(browser, "Emulation.setDeviceMetricsOverride", metrics)
        .await;
}

#[tokio::test]
async fn a_photo_is_never_larger_than_its_file_and_its_name_is_on_the_first_screen() {
    let dir = folder();
    let path = dir.path().to_owned();
    let site = tokio::task::spawn_blocking(move || Site::ready(&path))
        .await
        .unwrap();
    let base = format!("http://{}", site.record()["listen"].as_str().unwrap());
    let driver = Driver::start();
    let browser = driver.browser().await;
    browser.goto(&format!("{base}/register")).await.unwrap();
    fill(&browser, "#name", "photographer").await;
    fill(&browser, "#password", "correct horse battery").await;
    click(&browser, ".card button").await;
    until(&browser, "document.querySelector('.me form')").await;

    for (name, width, height) in PICTURES {
        let picture = dir.path().join(format!("{name}.jpg"));
        std::fs::write(&picture, jpeg(9, width, height)).unwrap();
        // From narrow to wide: a browser that has a larger file does not ask for a smaller one.
        window(&driver, &browser, WINDOWS[0]).await;
        browser.goto(&format!("{base}/upload")).await.unwrap();
        fill(&browser, "#picture", picture.to_str().unwrap()).await;
        click(&browser, ".card > button").await;
        until(&browser, "document.querySelector('.frame')").await;
        let page = browser.current_url().await.unwrap();
        for size in WINDOWS {
            window(&driver, &browser, size).await;
            browser.goto(page.as_str()).await.unwrap();
            let found = browser.execute_async(SHOWN, vec![]).await.unwrap();
            let (shown, file) = (found["shown"].as_f64(), found["file"].as_f64());
            assert!(
                shown > Some(0.0) && shown <= file,
                "{name} in {size:?}: {found}"
            );
            // Not much more than is shown either, where there is a smaller file.
            let more = file.unwrap() > 2.2 * shown.unwrap() && file > Some(640.0);
            assert!(!more, "{name} in {size:?}: {found}");
            if size.0 > 700 {
                assert!(
                    found["high"].as_f64() < found["room"].as_f64(),
                    "{name}: {found}"
                );
                let names = ask(&browser, "document.querySelector('.sheet .up').getBoundingClientRect().bottom <= innerHeight").await;
                assert_eq!(names, Value::Bool(true), "{name} in {size:?}");
            }
        }
    }

    // A click shows the largest file.
    click(&browser, ".frame").await;
    until(
        &browser,
        "location.pathname.endsWith('/2048.webp') && document.images[0].naturalWidth === 2048",
    )
    .await;
    browser.close().await.unwrap();
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
