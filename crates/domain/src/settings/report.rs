//! Every setting with its value and where it came from, for `flickr-killr config`.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use url::Url;

use super::file::FromFile;

/// Replaces a password.
const HIDDEN: &str = "***";

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// An environment variable.
    Environment,
    /// The settings file.
    File,
    /// The default.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// One setting and its value.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name, as flag and in the file.
    pub name: String,
    /// Its variable in the environment; some settings have none.
    pub variable: Option<String>,
    /// Its value as text; none if it is not set and computed at start.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
}

/// Lists the settings of `command` as `matches` hold them. Passwords in URLs are left out.
pub fn report(command: &Command, matches: &ArgMatches, from_file: &FromFile) -> Vec<Setting> {
    let settings = command.get_arguments().filter_map(|arg| {
        let id = arg.get_id().as_str();
        let name = arg.get_long()?;
        if ["help", "version"].contains(&name) {
            return None;
        }
        let words = matches.get_raw(id).map(|words| {
            let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
            words.join(" ")
        });
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) if from_file.holds(id) => Origin::File,
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Environment,
            _ => Origin::Default,
        };
        Some(Setting {
            name: name.to_owned(),
            variable: arg
                .get_env()
                .map(|variable| variable.to_string_lossy().into_owned()),
            value: words.map(|value| without_password(&value)),
            origin,
        })
    });
    settings.collect()
}

/// The address of a database with its passwords starred out, wherever it may hold one.
fn without_password(value: &str) -> String {
    let Some((scheme, _)) = value.split_once("://") else {
        return value.to_owned();
    };
    let Ok(mut url) = Url::parse(value) else {
        // An address that cannot be parsed may hold a password anywhere.
        return format!("{scheme}://{HIDDEN}");
    };
    let is_secret = |name: &str| name.to_ascii_lowercase().contains("password");
    let is_in_query = url.query_pairs().any(|(name, _)| is_secret(&name));
    if url.password().is_none() && !is_in_query {
        return value.to_owned();
    }
    if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
        return format!("{scheme}://{HIDDEN}");
    }
    if is_in_query {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let mut shown = url.query_pairs_mut();
        shown.clear();
        for (name, value) in &pairs {
            let value = if is_secret(name) { HIDDEN } else { value };
            shown.append_pair(name, value);
        }
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        for (value, shown) in [
            ("postgres://me:secret@host/db", "postgres://me:***@host/db"),
            ("postgres://me:se@cret@host/db", "postgres://me:***@host/db"),
            (
                "postgres://me@host/db?password=secret",
                "postgres://me@host/db?password=***",
            ),
            (
                "postgres://me:secret@host/db?sslmode=require&pass%77ord=secret&sslpassword=secret",
                "postgres://me:***@host/db?sslmode=require&password=***&sslpassword=***",
            ),
            ("postgres://me:secret@ho st/db", "postgres://***"),
        ] {
            assert_eq!(without_password(value), shown);
        }
        for value in [
            "127.0.0.1:8080",
            "http://localhost:8080",
            "postgres://me@localhost/db?host=/run/postgresql",
        ] {
            assert_eq!(without_password(value), value);
        }
    }
}
