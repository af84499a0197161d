//! Which parts of a page are found.

use url::Url;

use super::{Kind, Lazy, Window, imports, parts};

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
        ["/static/a.css", "/static/b.js", "/1.webp", "/i.png"]
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
    let html = r#"<picture><source type="image/heic" srcset="/a.heic">
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

#[test]
fn links_that_fetch_are_told_from_those_that_only_say() {
    let html = "<link rel=prefetch href=/next><link rel=stylesheet media=print href=/print.css>
        <link rel='alternate stylesheet' title=x href=/other.css><link rel=stylesheet disabled href=/off.css>
        <link rel=stylesheet type=text/less href=/a.less><link rel=modulepreload href=/m.js>
        <link rel=next href=/next2><link rel=dns-prefetch href=/d><link rel=canonical href=/c>
        <link rel=preload href=/nothing><link rel=preload as=font crossorigin href=/f.woff2>
        <link rel=preload as=style media='(max-width: 9px)' href=/small.css>";
    assert_eq!(
        found(html, Lazy::Skip),
        ["/print.css", "/other.css", "/m.js", "/f.woff2", "/next"]
    );
}

#[test]
fn the_last_icon_counts_and_comes_when_all_else_has_come() {
    let html = "<link rel=icon href=/a.ico><link rel='shortcut icon' href=/b.svg><link rel=manifest href=/m>
        <link rel=apple-touch-icon href=/apple.png><img src=/1.jpg>";
    assert_eq!(found(html, Lazy::Skip), ["/1.jpg", "/b.svg", "/m"]);
}

#[test]
fn scripts_of_old_words_run_and_modules_whatever_they_say() {
    let html = "<script type=text/jscript src=/1.js></script><script nomodule src=/2.js></script>
        <script type=module nomodule src=/3.js></script><script type=importmap src=/4.js></script>";
    assert_eq!(found(html, Lazy::Skip), ["/1.js", "/3.js"]);
}

#[test]
fn a_preloaded_picture_is_chosen_as_one_that_is_shown() {
    let html = r#"<link rel=preload as=image href=/fall.jpg imagesrcset="/640.jpg 640w, /1280.jpg 1280w" imagesizes="50vw">
        <link rel=preload as=image type=image/heic href=/a.heic>"#;
    assert_eq!(found(html, Lazy::Skip), ["/640.jpg"]);
}

#[test]
fn a_type_may_have_parameters() {
    let html = "<picture><source type='image/avif; codecs=av01' srcset=/a.avif><img src=/fall.jpg></picture>";
    assert_eq!(found(html, Lazy::Skip), ["/a.avif"]);
}

#[test]
fn drawings_fetch_pictures_but_not_themselves() {
    let html = "<svg><image href=/1.png /><use href='#x' /><use href='/all.svg#a' /><image xlink:href=/2.png /><image href='#y' /></svg>";
    assert_eq!(found(html, Lazy::Skip), ["/1.png", "/all.svg", "/2.png"]);
}

#[test]
fn sheets_that_sheets_import_are_fetched_relative_to_them() {
    let html = "<style>@import 'page.css';</style><p>@import 'no.css';";
    assert_eq!(found(html, Lazy::Skip), ["/people/page.css"]);
    let sheet = Url::parse("http://127.0.0.1:8080/static/a.css").unwrap();
    let window = Window {
        width_px: 1280,
        lazy: Lazy::Skip,
        pictures: true,
    };
    let css = b"@import 'b.css'; @import url(//elsewhere.example/c.css); @import 'b.css';";
    let found = imports(css, &sheet, window);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&*found[0].path, found[0].is_sheet),
        ("/static/b.css", true)
    );
}
