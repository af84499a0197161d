//! Files from the disk by `ServeDir` say what the handlers say of them, in every header and byte.

use std::path::Path;
use std::process::Command;

use site::assets;

use crate::town::{Answer, Town, Visitor, jpeg};

/// Has the program write the site's own files.
fn static_files(folder: &Path) {
    let program = Command::new(env!("CARGO_BIN_EXE_flickr-killr"))
        .arg("static-files")
        .arg(folder)
        .output()
        .expect("the program starts");
    assert!(program.status.success(), "{program:?}");
}

/// A town, its files on the disk, and visitors who get them from the handlers and from there.
async fn two_ways() -> (Town, Visitor, Visitor) {
    let town = Town::new().await;
    let statics = town.folder.path().join("static");
    static_files(&statics);
    let disk = Visitor::at(&town.answers_from_disk(&statics).await);
    let handlers = town.stranger();
    (town, handlers, disk)
}

/// The address of some public picture.
async fn a_picture(visitor: &Visitor) -> String {
    let pictures = visitor.get("/").await.values_of("src").into_iter();
    let mut pictures = pictures.filter(|url| url.starts_with("/i/"));
    pictures.next().expect("a picture")
}

/// The headers of an answer, but for those that are different each time and the one that says that
/// parts can be had, which nginx says as well.
fn comparable(answer: &Answer) -> Vec<(String, String)> {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            ![
                "date",
                "x-request-id",
                "accept-ranges",
                "server-timing",
                "cache-status",
            ]
            .contains(&name.as_str())
        })
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().expect("readable").to_owned(),
            )
        })
        .collect();
    headers.sort();
    headers
}

#[track_caller]
fn assert_same(asked: &str, expected: &Answer, got: &Answer) {
    assert_eq!(got.status, expected.status, "{asked}");
    assert_eq!(comparable(got), comparable(expected), "{asked}");
    assert!(got.body == expected.body, "{asked}: other bytes");
}

#[tokio::test]
async fn a_file_from_disk_is_what_its_handler_answers() {
    let (town, handlers, disk) = two_ways().await;
    let picture = a_picture(&handlers).await;
    // Made by its handler, so that it lies on the disk.
    let drawn = handlers.get(&picture).await;
    let public = town.folder.path().join("derivatives/public");
    let on_disk = std::fs::read(public.join(picture.strip_prefix("/i/").expect("below /i/")));
    assert_eq!(on_disk.expect("a file"), drawn.body);
    let mut files: Vec<&str> = assets::all()
        .iter()
        .map(|asset| asset.url.as_str())
        .collect();
    files.push(&picture);
    for path in files {
        let hash = path.rsplit('.').nth(1).unwrap_or_default();
        let (strong, weak) = (format!("\"{hash}\""), format!("\"a\", W/\"{hash}\""));
        for (method, headers) in [
            ("GET", vec![]),
            ("GET", vec![("accept-encoding", "gzip, br")]),
            ("GET", vec![("accept-encoding", "gzip;q=0")]),
            ("GET", vec![("if-none-match", strong.as_str())]),
            ("GET", vec![("if-none-match", weak.as_str())]),
            ("GET", vec![("if-none-match", "*")]),
            ("GET", vec![("if-none-match", "\"other\"")]),
            (
                "GET",
                vec![("if-modified-since", "Tue, 15 Nov 2033 12:45:26 GMT")],
            ),
            (
                "GET",
                vec![("if-unmodified-since", "Tue, 15 Nov 1994 12:45:26 GMT")],
            ),
            ("GET", vec![("if-match", "\"other\"")]),
            ("GET", vec![("cookie", "session=x")]),
            ("POST", vec![("sec-fetch-site", "same-origin")]),
            ("PUT", vec![]),
        ] {
            let asked = format!("{method} {path} {headers:?}");
            let expected = handlers.ask(method, path, &headers).await;
            let got = disk.ask(method, path, &headers).await;
            assert_same(&asked, &expected, &got);
            assert_eq!(got.header("last-modified"), "", "{asked}");
        }
        // As behind nginx, a HEAD has the headers of a GET.
        for headers in [vec![], vec![("accept-encoding", "gzip")]] {
            let get = disk.ask("GET", path, &headers).await;
            let head = disk.ask("HEAD", path, &headers).await;
            assert_eq!(
                comparable(&head),
                comparable(&get),
                "HEAD {path} {headers:?}"
            );
            assert!(head.body.is_empty(), "HEAD {path}");
        }
    }
}

#[tokio::test]
async fn what_is_no_file_is_the_same_page_as_everywhere() {
    let (town, handlers, disk) = two_ways().await;
    let picture = a_picture(&handlers).await;
    handlers.get(&picture).await;
    let style = assets::url("site.css");
    let statics = town.folder.path().join("static");
    std::fs::write(town.folder.path().join("secret.0123456789ab.css"), "secret").expect("a file");
    std::fs::write(statics.join(".hidden.0123456789ab.css"), "secret").expect("a file");
    std::fs::write(statics.join("plain.css"), "secret").expect("a file");
    std::fs::create_dir(statics.join("folder.0123456789ab.css")).expect("a folder");
    let token = picture.rsplit_once('/').expect("a folder").0;
    for path in [
        "/static/".to_owned(),
        "/static".to_owned(),
        "/static/plain.css".to_owned(),
        "/static/.hidden.0123456789ab.css".to_owned(),
        "/static/folder.0123456789ab.css".to_owned(),
        "/static/..%2fsecret.0123456789ab.css".to_owned(),
        "/static/%2e%2e%2fsecret.0123456789ab.css".to_owned(),
        "/static/site.000000000000.css".to_owned(),
        format!("{style}.gz"),
        format!("{style}/"),
        style.replace("site", "s%69te"),
        "/i/".to_owned(),
        token.to_owned(),
        format!("{token}/"),
        format!("{token}/.640.webp"),
        format!("{token}/641.webp"),
        format!("{picture}.gz"),
        "/i/1/AAAAAAAAAAAAAAAAAAAAAA/640.webp".to_owned(),
    ] {
        let (expected, got) = (handlers.get(&path).await, disk.get(&path).await);
        assert_same(&path, &expected, &got);
        assert_ne!(got.body, b"secret", "{path}");
        // One that only writes a known address differently is that address for both.
        if !path.contains('%') {
            assert_eq!(got.status.as_u16(), 404, "{path}");
        }
    }
}

#[tokio::test]
async fn it_is_the_disk_that_is_read_older_files_included() {
    let (town, handlers, disk) = two_ways().await;
    let old = town.folder.path().join("static/site.0123456789ab.css");
    std::fs::write(&old, "a{color:red}").expect("a file");
    let answer = disk.get("/static/site.0123456789ab.css").await;
    assert_eq!(answer.text(), "a{color:red}");
    assert_eq!(answer.header("etag"), "\"0123456789ab\"");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, immutable"
    );

    // Drawn by the handler at its first request, and read at the next.
    let picture = a_picture(&disk).await;
    let drawn = disk.get(&picture).await;
    let file = town
        .folder
        .path()
        .join("derivatives/public")
        .join(picture.strip_prefix("/i/").expect("below /i/"));
    assert_eq!(std::fs::read(&file).expect("a file"), drawn.body);
    std::fs::write(&file, "from the disk").expect("a file");
    assert_eq!(disk.get(&picture).await.text(), "from the disk");
    assert_ne!(
        handlers.get(&picture).await.text(),
        "from the disk",
        "it is not whole, so it is made anew"
    );
}

#[tokio::test]
async fn what_was_hidden_or_deleted_comes_from_no_disk() {
    let (town, _, disk) = two_ways().await;
    let ann = town.newcomer("ann").await;
    let hidden: &[(&str, &str)] = &[("visibility", "private")];
    for (seed, (action, form)) in [("delete", [].as_slice()), ("visibility", hidden)]
        .into_iter()
        .enumerate()
    {
        let posted = ann
            .upload("Soon gone", "public", jpeg(seed as u8, 600, 400))
            .await;
        let page = posted.header("location").to_owned();
        let picture = disk.get(&page).await.values_of("src");
        let picture = picture
            .into_iter()
            .find(|url| url.starts_with("/i/"))
            .expect("a picture");
        for _ in 0..2 {
            assert_eq!(disk.get(&picture).await.status.as_u16(), 200);
        }
        let done = ann.post(&format!("{page}/{action}"), form).await;
        assert_eq!(done.status.as_u16(), 303, "{}", done.text());
        assert_eq!(disk.get(&picture).await.status.as_u16(), 404, "{action}");
    }
}

#[tokio::test]
async fn parts_are_cut_as_nginx_cuts_them() {
    let (_town, _, disk) = two_ways().await;
    let picture = a_picture(&disk).await;
    let style = assets::url("grid.css");
    let etag = style
        .rsplit('.')
        .nth(1)
        .map(|hash| format!("\"{hash}\""))
        .expect("a fingerprint");
    let gzip = ("accept-encoding", "gzip");
    for (path, headers, status) in [
        (picture.as_str(), vec![("range", "bytes=10-19")], 206),
        (&picture, vec![("range", "bytes=-10")], 206),
        (&picture, vec![("range", "bytes=10-19,30-39")], 200),
        (&picture, vec![("range", "bytes=99999999-")], 416),
        (
            &picture,
            vec![("range", "bytes=10-19"), ("if-range", "\"a\"")],
            200,
        ),
        (style, vec![gzip, ("range", "bytes=10-19")], 206),
        (
            style,
            vec![gzip, ("range", "bytes=10-19"), ("if-range", etag.as_str())],
            206,
        ),
        (
            style,
            vec![gzip, ("range", "bytes=10-19"), ("if-range", "\"other\"")],
            200,
        ),
        (
            style,
            vec![
                gzip,
                ("range", "bytes=10-19"),
                ("if-none-match", etag.as_str()),
            ],
            304,
        ),
        // Inflated for this client, so its length is not known to who sends it.
        (style, vec![("range", "bytes=10-19")], 200),
        ("/people", vec![("range", "bytes=10-19")], 200),
        (
            "/static/site.000000000000.css",
            vec![("range", "bytes=10-19")],
            404,
        ),
    ] {
        let asked = format!("{path} {headers:?}");
        let whole: Vec<_> = headers
            .iter()
            .filter(|(name, _)| *name == "accept-encoding")
            .copied()
            .collect();
        let whole = disk.ask("GET", path, &whole).await;
        let got = disk.ask("GET", path, &headers).await;
        assert_eq!(got.status.as_u16(), status, "{asked}");
        match (status, headers.iter().find(|(name, _)| *name == "range")) {
            (206, Some((_, "bytes=-10"))) => {
                assert_eq!(got.body, whole.body[whole.body.len() - 10..], "{asked}")
            }
            (206, _) => {
                assert_eq!(got.body, whole.body[10..20], "{asked}");
                let range = format!("bytes 10-19/{}", whole.body.len());
                assert_eq!(got.header("content-range"), range, "{asked}");
                assert_eq!(got.header("accept-ranges"), "", "{asked}");
                assert_eq!(
                    got.header("cache-control"),
                    whole.header("cache-control"),
                    "{asked}"
                );
            }
            (200, _) => assert_eq!(got.body, whole.body, "{asked}"),
            _ => {}
        }
    }
}

#[test]
fn the_site_s_own_files_are_written_as_memcached_would_hold_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let statics = folder.path().join("new/static");
    static_files(&statics);
    std::fs::write(statics.join("old.0123456789ab.css"), "of an older build").expect("a file");
    let torn = statics.join(assets::url("site.css").rsplit('/').next().expect("a name"));
    std::fs::write(&torn, "torn").expect("a file");
    static_files(&statics);
    let mut expected = vec!["old.0123456789ab.css".to_owned()];
    for asset in assets::all().iter() {
        let name = asset.file_name();
        assert_eq!(
            std::fs::read(statics.join(name)).expect(name),
            asset.bytes,
            "{name}"
        );
        expected.push(name.to_owned());
        if let Some(squeezed) = accelerator::gzipped(&asset.url, &asset.bytes) {
            let name = format!("{name}.gz");
            assert_eq!(
                std::fs::read(statics.join(&name)).expect(&name),
                squeezed,
                "{name}"
            );
            expected.push(name);
        }
    }
    assert!(
        expected.iter().any(|name| name.ends_with(".css.gz")),
        "{expected:?}"
    );
    let there = std::fs::read_dir(&statics).expect("a folder").flatten();
    let mut there: Vec<String> = there
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    expected.sort();
    assert_eq!(there, expected, "and nothing else, no half of a file");
}

#[tokio::test]
async fn a_squeezed_file_on_disk_is_what_the_app_answers() {
    let (town, handlers, _) = two_ways().await;
    let mut squeezed = 0;
    for asset in assets::all().iter() {
        let file = town
            .folder
            .path()
            .join("static")
            .join(format!("{}.gz", asset.file_name()));
        let answer = handlers
            .ask("GET", &asset.url, &[("accept-encoding", "gzip")])
            .await;
        assert_eq!(
            answer.header("content-encoding") == "gzip",
            file.exists(),
            "{}",
            asset.url
        );
        if file.exists() {
            assert_eq!(
                std::fs::read(file).expect("a file"),
                answer.body,
                "{}",
                asset.url
            );
            squeezed += 1;
        }
    }
    assert!(squeezed > 0);
}
