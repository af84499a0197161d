use url::Url;

use super::{Kind, Lazy, Window, parts};

fn found(html: &str, lazy: Lazy) -> Vec<String> {
    let page = Url::parse("http://127.0.0.1:8080/people/anna?before=7").unwrap();
    let window = Window {
        width_px: 1280,
        lazy,
        pictures: true,
    };
    parts(html.as_bytes(), &page, window)
        .into_iter()
        .map(|p| p.path.into())
        .collect()
}

#[test]
fn a_page_refers_to_css_js_and_pictures_in_document_order_each_once() {
    let html = r#"<link rel="stylesheet" href="/static/a.css"><link rel=icon href=/i.png>
        <script type="module" src="../static/b.js"></script><script>"<img src=/no.png>"</script>
        <script type="application/json" src="/no.json"></script>
        <!-- <img src="/no2.png"> --><img src=/1.webp><IMG SRC='/1.webp'><img src="data:image/png;base64,AA">"#;
    assert_eq!(
        found(html, Lazy::Skip),
        ["/static/a.css", "/static/b.js", "/1.webp"]
    );
}

#[test]
fn references_are_relative_unescaped_and_of_the_same_origin() {
    let html = r#"<img src="x.jpg?a=1&amp;b=2"><img src="http://127.0.0.1:8080/y&#46;jpg#f">
        <img src="//elsewhere.example/z.jpg"><img src="http://127.0.0.1:81/other-port.jpg">"#;
    assert_eq!(found(html, Lazy::Skip), ["/people/x.jpg?a=1&b=2", "/y.jpg"]);
    assert_eq!(
        found("<base href='/b/'><img src=x.jpg>", Lazy::Skip),
        ["/b/x.jpg"]
    );
}

#[test]
fn lazy_pictures_are_a_choice() {
    let html = "<img src=/1.jpg><img loading=lazy src=/2.jpg>";
    assert_eq!(found(html, Lazy::Skip), ["/1.jpg"]);
    assert_eq!(found(html, Lazy::Include), ["/1.jpg", "/2.jpg"]);
}

#[test]
fn one_candidate_of_a_srcset_is_fetched() {
    let html = r#"<img src="/s.jpg" srcset="/320.jpg 320w, /640.jpg 640w, /1600.jpg 1600w"
        sizes="(max-width: 600px) 100vw, 400px">"#;
    assert_eq!(found(html, Lazy::Skip), ["/640.jpg"]);
}

#[test]
fn the_first_fitting_source_of_a_picture_wins() {
    let html = r#"<picture><source type="image/jxl" srcset="/a.jxl">
        <source media="(max-width: 500px)" srcset="/phone.webp">
        <source type="image/webp" srcset="/wide.webp"><img src="/fall.jpg"></picture><img src="/after.jpg">"#;
    assert_eq!(found(html, Lazy::Skip), ["/wide.webp", "/after.jpg"]);
}

#[test]
fn inert_content_is_not_fetched() {
    let html = "<noscript><img src=/1.jpg></noscript><template><img src=/2.jpg></template><img src=/3.jpg>";
    assert_eq!(found(html, Lazy::Skip), ["/3.jpg"]);
}

#[test]
fn without_pictures_only_css_and_js_remain() {
    let page = Url::parse("http://127.0.0.1/").unwrap();
    let window = Window {
        width_px: 1280,
        lazy: Lazy::Include,
        pictures: false,
    };
    let found = parts(
        b"<link rel=stylesheet href=a.css><img src=a.png>",
        &page,
        window,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, Kind::Static);
}
