//! A title that a browser fills in from the name of the file.

use serde_json::Value;

use crate::browser::{Driver, ask, click, fill, until};
use crate::stack::site::{Site, folder};
use crate::town::jpeg;

#[tokio::test]
async fn a_title_from_a_file_name_shows_all_its_characters_and_is_posted() {
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

    // As messengers export them: U+200E, U+FEFF, U+202A and U+202C around what is seen, an emoji that needs
    // its joiner, and an emoji of two UTF-16 units where the title ends.
    let long = "x".repeat(199);
    for (name, title) in [
        (
            "\u{200e}Holiday_\u{202a}at\u{202c} \u{feff}sea \u{1f468}\u{200d}\u{1f469}".to_owned(),
            "Holiday at sea \u{1f468}\u{200d}\u{1f469}".to_owned(),
        ),
        (format!("{long}\u{1f30a}"), long),
    ] {
        let picture = dir.path().join(format!("{name}.jpg"));
        std::fs::write(&picture, jpeg(9, 60, 40)).unwrap();
        browser.goto(&format!("{base}/upload")).await.unwrap();
        fill(&browser, "#picture", picture.to_str().unwrap()).await;
        let filled = ask(&browser, "document.querySelector('#title').value").await;
        assert_eq!(filled, Value::String(title.clone()), "{name:?}");
        click(&browser, ".card > button").await;
        until(&browser, "document.querySelector('.frame')").await;
        let shown = ask(&browser, "document.querySelector('h1').textContent").await;
        assert_eq!(shown, Value::String(title), "{name:?}");
    }
    assert_eq!(driver.complaints(&browser).await, Vec::<String>::new());
    browser.close().await.unwrap();
    drop(driver);
    tokio::task::spawn_blocking(move || site.stop())
        .await
        .unwrap();
}
