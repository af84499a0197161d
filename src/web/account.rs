//! Coming in and going out: register, log in, log out.

use askama::Template;
use axum::extract::State;
use axum::http::header::{HeaderMap, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use db::known_browser::KNOWN_DAYS;
use db::session::SESSION_DAYS;
use domain::urls;
use domain::{Cursor, Network};
use images::disk::Level;
use site::Site;
use site::login::{Entrance, LogIn, LoggedIn};
use site::register::{Register, Registered};
use site::session;

use super::error::{Error, see_other};
use super::format;
use super::forms::{Form, Query};
use super::page::Page;
use super::session::{SESSION_COOKIE, Visit, secret_of, session_secret};

/// The visitor's address, as nginx saw it; nginx overwrites what a client claims.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The cookie by which a browser is known that was logged in before.
const BROWSER_COOKIE: &str = "browser";

/// The longest path to go on to after logging in: it becomes a header, of which nginx takes 16 KB.
const NEXT_BYTES_MAX: usize = 2000;

/// How soon a form may be sent again when the queue for log-ins is full, in seconds.
const BUSY_S: i64 = 2;

const BUSY: &str =
    "Too many people want to log in at this moment. Please try again in a few seconds.";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    visit: &'a Visit,
    name: &'a str,
    next: &'a str,
    mistake: Option<String>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    visit: &'a Visit,
    name: &'a str,
    display_name: &'a str,
    mistake: Option<String>,
}

pub(super) async fn login_form(visit: Visit, query: Query) -> Result<Page, Error> {
    let query = query.only(&["next"])?;
    let template = LoginPage {
        visit: &visit,
        name: "",
        next: own_path(query.get("next").unwrap_or_default()),
        mistake: None,
    };
    Page::show(&visit, &template)
}

pub(super) async fn login(
    State(site): State<Site>,
    visit: Visit,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Error> {
    let next = own_path(form.get("next"));
    let again = |status, mistake: &str| {
        let template = LoginPage {
            visit: &visit,
            name: form.get("name").trim(),
            next,
            mistake: Some(mistake.to_owned()),
        };
        Page::with_status(status, &visit, &template)
    };
    let tried = LogIn {
        name: form.get("name"),
        password: form.get("password"),
        network: network(&headers),
        browser: secret_of(BROWSER_COOKIE, &headers),
    };
    let page = match site.accounts.log_in(tried).await? {
        LoggedIn::Yes(entrance) => {
            session::bound(&site.db, &site.disk, &entrance.session.hash()).await;
            return Ok(enter(&entrance, if next.is_empty() { "/" } else { next }));
        }
        LoggedIn::Wrong => again(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That name and password do not belong together.",
        )?,
        LoggedIn::Wait { seconds } => {
            let mistake = format!(
                "There were too many attempts to log in. Please wait {} and try again.",
                format::wait(seconds)
            );
            again(StatusCode::TOO_MANY_REQUESTS, &mistake)?.retry_after(seconds)
        }
        LoggedIn::Busy => again(StatusCode::SERVICE_UNAVAILABLE, BUSY)?.retry_after(BUSY_S),
    };
    Ok(page.into_response())
}

pub(super) async fn register_form(visit: Visit) -> Result<Page, Error> {
    Page::show(
        &visit,
        &RegisterPage {
            visit: &visit,
            name: "",
            display_name: "",
            mistake: None,
        },
    )
}

pub(super) async fn register(
    State(site): State<Site>,
    visit: Visit,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Error> {
    if site.disk.level() == Level::Scarce {
        return Err(Error::NoRoom);
    }
    let again = |status, mistake: String| {
        let template = RegisterPage {
            visit: &visit,
            name: form.get("name"),
            display_name: form.get("display_name"),
            mistake: Some(mistake),
        };
        Page::with_status(status, &visit, &template)
    };
    let wanted = Register {
        name: form.get("name"),
        display_name: form.get("display_name"),
        password: form.get("password"),
        network: network(&headers),
        browser: secret_of(BROWSER_COOKIE, &headers),
    };
    let page = match site.accounts.register(wanted).await? {
        Registered::Yes { name, entrance } => {
            return Ok(enter(&entrance, &urls::person(&name, Cursor::Newest)));
        }
        Registered::No(mistake) => again(StatusCode::UNPROCESSABLE_ENTITY, mistake.to_string())?,
        Registered::Wait { seconds } => {
            let mistake = format!(
                "There were too many sign-ups from your address. Please wait {} and try again; only the \
                 password has to be typed anew.",
                format::wait(seconds)
            );
            again(StatusCode::TOO_MANY_REQUESTS, mistake)?.retry_after(seconds)
        }
        Registered::Busy => {
            again(StatusCode::SERVICE_UNAVAILABLE, BUSY.to_owned())?.retry_after(BUSY_S)
        }
    };
    Ok(page.into_response())
}

pub(super) async fn logout(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if let Some(secret) = session_secret(&headers) {
        session::end(&site.db, &site.disk, &secret.hash()).await?;
    }
    let ended = HeaderValue::from_static("session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    Ok((
        [(SET_COOKIE, ended)],
        see_other(&urls::explore(Cursor::Newest)),
    )
        .into_response())
}

/// Hands the browser what it gets, and leads on.
fn enter(entrance: &Entrance, next: &str) -> Response {
    const DAY_S: i64 = 24 * 60 * 60;
    let session = format!(
        "{SESSION_COOKIE}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax",
        entrance.session.reveal(),
        SESSION_DAYS * DAY_S
    );
    // For the whole site, because logging in and registering both read it.
    let browser = format!(
        "{BROWSER_COOKIE}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax",
        entrance.browser.reveal(),
        KNOWN_DAYS * DAY_S
    );
    let cookies = AppendHeaders([(SET_COOKIE, session), (SET_COOKIE, browser)]);
    (cookies, see_other(next)).into_response()
}

/// Where the request comes from, by the front's word.
fn network(headers: &HeaderMap) -> Network {
    let address = headers.get(X_FORWARDED_FOR);
    let address = address.and_then(|address| address.to_str().ok());
    Network::parse(address.unwrap_or_default())
}

/// A path of this site to go on to, or nothing: never another site's address.
fn own_path(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= NEXT_BYTES_MAX
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { next } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logging_in_never_leads_to_another_site() {
        assert_eq!(own_path("/people/ann?before=7"), "/people/ann?before=7");
        let long = format!("/{}", "a".repeat(NEXT_BYTES_MAX));
        for foreign in [
            "",
            "https://a.example",
            "//a.example",
            "/\\a.example",
            "a",
            "/a\r\nb",
            &long,
        ] {
            assert_eq!(own_path(foreign), "", "{foreign:?}");
        }
    }
}
