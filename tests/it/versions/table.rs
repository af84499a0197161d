//! What is asked of every version, by whom, and what comes back.

use std::collections::BTreeMap;

use reqwest::Method;

/// Who asks, what comes back (`~`: only the status is the same,
/// because a front answers by itself, or chance has its say),
/// what is asked, and what is sent along: headers, or a form.
const TABLE: &str = "
    stranger 200  GET     /
    stranger 200  GET     /?before=1000
    stranger 404  GET     /?before=1
    stranger 400  GET     /?before=x
    stranger 400  GET     /?before=1&after=2
    stranger 200  GET     /?page=2
    stranger 200  GET     /people
    stranger 200  GET     /people?from=m
    stranger 200  GET     /people?from=%3Cscript%3E
    stranger 200  GET     /people?order=photos
    stranger 200  GET     /people?q=an
    stranger 200  GET     /people?q=%00
    stranger 301  GET     /people/
    stranger 301  GET     /People?from=m&fbclid=1
    stranger 301  HEAD    {stream}/
    stranger 404  POST    /login/                 form:
    stranger 200  GET     {stream}?fbclid=1&fbclid=2
    stranger 200  GET     {stream}
    stranger 400  GET     {stream}?before=0
    stranger 303  GET     {stream}/archive
    stranger 404  GET     {stream}/archive/1870-01
    stranger 404  GET     {stream}/archive/2020-13
    stranger 200  GET     {photo}
    stranger 400  GET     {photo}?comments_after=x
    stranger 404  GET     {photo}x
    stranger 404  GET     {stream}/999999999
    stranger 404  GET     /people/nobody-of-that-name
    stranger 404  GET     /people/Not%20A%20Name
    stranger 404  GET     /people/%C3%A9
    stranger 404  GET     /people/..%2f
    stranger 404  GET     /no/such/page
    stranger 404  GET     //people
    stranger 200  GET     /login
    stranger 200  GET     /login?next=/people%3Ffrom%3Dm
    stranger 200  GET     /register
    stranger 303  GET     /upload
    stranger 405  GET     /logout
    stranger 200~ GET     /lab
    stranger 404~ GET     /healthz
    stranger 404~ GET     /metrics
    stranger 200  HEAD    /
    stranger 200  HEAD    {photo}
    stranger 404  HEAD    /no/such/page
    stranger 405  DELETE  {photo}
    stranger 405  PUT     /
    stranger 405  POST    /people
    stranger 200  GET     /people                 x-forwarded-for: 10.0.0.1
    stranger 200  GET     /                       cookie: session=nonsense
    stranger 200  GET     /                       proxy: http://evil.example

    bob      200  GET     /
    bob      200  GET     /upload
    bob      200  GET     {public}
    bob      404  GET     {contacts}
    bob      404  GET     {private}
    bob      404  GET     {private-picture}
    bob      403  POST    {public}/delete         form:
    bob      403  POST    {public}/visibility     form: visibility=private
    ann      200  GET     /
    ann      200  GET     /people/ann
    ann      200  GET     {public}
    ann      200  GET     {contacts}
    ann      200  GET     {private}
    ann      200  GET     {private-picture}
    ann      200  HEAD    {private-picture}
    ann      404  GET     {private}/image/641.webp
    stranger 200  GET     /people/ann
    stranger 404  GET     {private}
    stranger 404  GET     {private-picture}
    stranger 303  POST    {public}/delete         form:

    stranger 422  POST    /login                  form: name=ann&password=wrong
    stranger 422  POST    /login                  form: name=nobody-of-that-name&password=wrong
    stranger 422  POST    /register               form: name=a&password=12345678
    stranger 422  POST    /register               form: name=ann&password=12345678
    stranger 422  POST    /register               form: name=%C3%A9%26%3D&password=12345678
    stranger 403  POST    /login                  sec-fetch-site: cross-site
    stranger 403  POST    /logout                 sec-fetch-site: cross-site
    ann      422  POST    /upload                 picture: nothing
    ann      422  POST    /upload                 picture: text
    ann      400  POST    /upload                 form: a=b
    stranger 303  POST    /upload                 picture: text
    stranger 413~ POST    /login                  form-bytes: 70000

    stranger 200  GET     {css}
    stranger 200  GET     {css}                   accept-encoding: identity
    stranger 200  HEAD    {css}
    stranger 304  GET     {css}                   if-none-match: {css-tag}
    stranger 304  HEAD    {css}                   if-none-match: W/{css-tag}
    stranger 304  GET     {css}                   if-none-match: \"other\", {css-tag}
    stranger 200  GET     {css}                   if-none-match: \"other\"
    stranger 200  GET     {css}                   if-none-match: *
    stranger 200  GET     {css}                   if-match: \"other\"
    stranger 200  GET     {css}                   if-modified-since: Tue, 15 Nov 2033 12:45:26 GMT
    stranger 200  GET     {css}?version=2
    stranger 405  POST    {css}                   form:
    stranger 200  GET     {js}
    stranger 200  GET     {icon}
    stranger 404  GET     /static/site.000000000000.css
    stranger 404  GET     /static/
    stranger 404  GET     /static/%2e%2e/site.css
    stranger 404  GET     /static/.hidden.css
    stranger 200  GET     {picture}
    stranger 200  GET     {picture}               accept-encoding: identity
    stranger 200  HEAD    {picture}
    ann      200  GET     {picture}
    stranger 206  GET     {picture}               range: bytes=10-19
    stranger 206  GET     {picture}               range: bytes=-10
    stranger 200  GET     {picture}               range: bytes=abc
    stranger 200  GET     {picture}               range: bytes=1
    stranger 200  GET     {picture}               range: bytes=0-4x
    stranger 200  GET     {picture}               range: lines=0-4
    stranger 200  GET     {css}                   range: bytes=abc
    stranger 416~ GET     {picture}               range: bytes=9999999-
    stranger 200  GET     {picture}               if-none-match: \"other\"
    stranger 200  GET     {picture}               if-none-match: *
    stranger 200  GET     {picture}               if-modified-since: Tue, 15 Nov 2033 12:45:26 GMT
    stranger 200  GET     {picture}?a=b
    stranger 405  POST    {picture}               form:
    stranger 404  GET     /i/1/AAAAAAAAAAAAAAAAAAAAAA/640.webp
    stranger 404  GET     /i/1/x/640.webp
    stranger 404  GET     {picture}x
    stranger 404  GET     /i/
    stranger 404  GET     /i/x/../y
";

/// One row of the table.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) who: String,
    pub(super) status: u16,
    pub(super) only_status: bool,
    pub(super) method: Method,
    pub(super) path: String,
    /// A header, or what is sent: its kind and value.
    pub(super) along: Option<(String, String)>,
    pub(super) row: String,
}

/// The rows, with the names that stand for addresses filled in.
pub(super) fn questions(facts: &BTreeMap<&str, String>) -> Vec<Question> {
    let filled = facts.iter().fold(TABLE.to_owned(), |table, (name, value)| {
        table.replace(&format!("{{{name}}}"), value)
    });
    let rows = filled.lines().map(str::trim).filter(|row| !row.is_empty());
    rows.map(|row| {
        let mut words = row.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("{row} is too short"));
        let (who, status) = (word().to_owned(), word().to_owned());
        let (method, path) = (word(), word().to_owned());
        let along = words.collect::<Vec<_>>().join(" ");
        Question {
            who,
            only_status: status.ends_with('~'),
            status: status.trim_end_matches('~').parse().expect("a status"),
            method: method.parse().expect("a method"),
            path,
            along: along
                .split_once(':')
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned())),
            row: row.to_owned(),
        }
    })
    .collect()
}
