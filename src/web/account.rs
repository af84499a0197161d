//! Coming in and going out: register, log in, log out.

use askama::Template;
use axum::extract::State;
use axum::http::header::{HeaderMap, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::error::{Error, see_other};
use super::forms::{Form, Query};
use super::page::Page;
use super::passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use super::site::Site;
use super::visit::{SESSION_COOKIE, Visit, session_secret};
use crate::db;
use crate::db::people::RegisterError;
use crate::db::session::SESSION_DAYS;
use crate::domain::{Cursor, DisplayName, Secret, UserId, Username};
use crate::urls;

/// The visitor's address, as nginx saw it; nginx overwrites what a client claims.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    visit: &'a Visit,
    name: &'a str,
    next: &'a str,
    mistake: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    visit: &'a Visit,
    name: &'a str,
    display_name: &'a str,
    mistake: Option<String>,
}

pub(super) async fn login_form(visit: Visit, query: Query) -> Result<Page, Error> {
    let query = query.only(&["next"])?;
    let template = Login {
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
    let typed = form.get("name").trim().to_lowercase();
    let next = own_path(form.get("next"));
    let subjects = subjects(&typed, &headers);
    if let Some(seconds) = db::session::wait_before_login(&site.db, &subjects).await? {
        return Err(Error::TooManyTries { seconds });
    }
    db::session::count_login_try(&site.db, &subjects).await?;
    let account = match Username::parse(&typed) {
        Ok(name) => db::people::account(&site.db, &name).await?,
        Err(_) => None,
    };
    let password = form.get("password");
    let right = password.len() <= PASSWORD_BYTES_MAX
        && site
            .passwords
            .is_right(
                password.to_owned(),
                account
                    .as_ref()
                    .map(|account| account.password_hash.clone()),
            )
            .await?;
    match account {
        Some(account) if right => {
            // The account's own failures are forgiven; those of the address are not: whoever owns
            // one account could otherwise go on guessing others.
            db::session::forgive(&site.db, &subjects[..1]).await?;
            begin_session(&site, account.id, if next.is_empty() { "/" } else { next }).await
        }
        _ => {
            let mistake = Some("That name and password do not belong together.");
            let template = Login {
                visit: &visit,
                name: &typed,
                next,
                mistake,
            };
            Ok(
                Page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &visit, &template)?
                    .into_response(),
            )
        }
    }
}

pub(super) async fn register_form(visit: Visit) -> Result<Page, Error> {
    Page::show(
        &visit,
        &Register {
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
    let again = |mistake: String| -> Result<Response, Error> {
        let template = Register {
            visit: &visit,
            name: form.get("name"),
            display_name: form.get("display_name"),
            mistake: Some(mistake),
        };
        Ok(Page::with_status(StatusCode::UNPROCESSABLE_ENTITY, &visit, &template)?.into_response())
    };
    let name = match Username::claim(form.get("name").trim()) {
        Ok(name) => name,
        Err(error) => return again(error.to_string()),
    };
    let display_name = match form.get("display_name").trim() {
        "" => name.as_str(),
        typed => typed,
    };
    let display_name = match DisplayName::parse(display_name) {
        Ok(display_name) => display_name,
        Err(error) => return again(error.to_string()),
    };
    let password = form.get("password");
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return again(format!(
            "A password has {PASSWORD_CHARS_MIN} to {PASSWORD_BYTES_MAX} characters."
        ));
    }
    // Hashing is dear: an address that registers again and again has to wait as one that guesses.
    let address = &subjects(name.as_str(), &headers)[1..];
    if let Some(seconds) = db::session::wait_before_login(&site.db, address).await? {
        return Err(Error::TooManyTries { seconds });
    }
    db::session::count_login_try(&site.db, address).await?;
    let hash = site.passwords.hash(password.to_owned()).await?;
    match db::people::register(&site.db, &name, &display_name, &hash).await {
        Ok(user) => begin_session(&site, user, &urls::person(&name, Cursor::Newest)).await,
        Err(RegisterError::NameTaken) => again(RegisterError::NameTaken.to_string()),
        Err(RegisterError::Database(error)) => Err(error.into()),
    }
}

pub(super) async fn logout(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if let Some(secret) = session_secret(&headers) {
        db::session::end(&site.db, &secret.hash()).await?;
    }
    let ended = HeaderValue::from_static("session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    Ok((
        [(SET_COOKIE, ended)],
        see_other(&urls::explore(Cursor::Newest)),
    )
        .into_response())
}

async fn begin_session(site: &Site, user: UserId, next: &str) -> Result<Response, Error> {
    let secret = Secret::random();
    db::session::begin(&site.db, &secret.hash(), user).await?;
    let cookie = format!(
        "{SESSION_COOKIE}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax",
        secret.reveal(),
        SESSION_DAYS * 24 * 60 * 60
    );
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Error::Internal(error.into()))?;
    Ok(([(SET_COOKIE, cookie)], see_other(next)).into_response())
}

/// Whom the brakes hold: the account that is tried, and the address that tries.
fn subjects(name: &str, headers: &HeaderMap) -> [String; 2] {
    let address = headers
        .get(X_FORWARDED_FOR)
        .and_then(|address| address.to_str().ok())
        .unwrap_or("direct");
    let name: String = name.chars().take(30).collect();
    [format!("account:{name}"), format!("address:{address}")]
}

/// A path of this site to go on to, or nothing: never another site's address.
fn own_path(next: &str) -> &str {
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
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
        for foreign in [
            "",
            "https://a.example",
            "//a.example",
            "/\\a.example",
            "a",
            "/a\r\nb",
        ] {
            assert_eq!(own_path(foreign), "", "{foreign:?}");
        }
    }
}
