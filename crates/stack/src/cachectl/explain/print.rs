//! Formats the findings for a terminal.

use super::compare::{Agreement, GZIP_FLAG};
use super::findings::{AppFacts, Findings, KeyFacts, Lookup, ServerFacts, StoredItem};
use crate::cachectl::format::{escaped, grouped, span, wrapped};

/// The width of the column of names.
const NAME_WIDTH: usize = 11;

/// The minimum width for sentences.
const TEXT_WIDTH_MIN: usize = 30;

/// Formats the findings in lines of at most `width` characters, except for longer words.
pub fn in_words(findings: &Findings, width: usize) -> String {
    let mut text = format!("{}\n\n", escaped(&findings.path));
    let mut line = |name: &str, words: &str| {
        let room = width.saturating_sub(NAME_WIDTH).max(TEXT_WIDTH_MIN);
        for (at, line) in wrapped(words, room).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            text.push_str(format!("{name:<NAME_WIDTH$}{line}").trim_end());
            text.push('\n');
        }
    };
    match (&findings.key, &findings.no_key) {
        (Some(key), _) => {
            line("key", &format!("{} ({} bytes)", key.text, key.text.len()));
            line("kind", &kind(key));
        }
        (None, Some(no_key)) => line("key", &format!("none: {}", escaped(&no_key.because))),
        (None, None) => {}
    }
    for server in &findings.servers {
        line("memcached", &memcached(server, findings.servers.len()));
    }
    match &findings.app {
        Some(app) => line("app", &escaped(&app_text(app))),
        None if findings.no_key.is_none() => line("app", "not asked (--look)"),
        None => {}
    }
    if let Some(visitor) = &findings.visitor {
        let same = match visitor.is_same {
            Some(true) => ", the bytes of the app",
            Some(false) => ", other bytes than the app's",
            None => "",
        };
        let by = escaped(&visitor.answered_by);
        line("visitor", &format!("gets {} ({by}){same}", visitor.status));
    }
    line("", "");
    line("verdict", &escaped(&findings.verdict.why));
    line("", &findings.verdict.advice);
    text
}

fn kind(key: &KeyFacts) -> String {
    let life = &key.cache_control;
    match &key.etag {
        Some(etag) => format!(
            "fingerprinted file; browsers keep it ({life}, ETag {etag}), and nginx alone returns 304 for it"
        ),
        None => {
            format!("picture; browsers keep it ({life}), without a tag, because it may be deleted")
        }
    }
}

fn memcached(server: &ServerFacts, of: usize) -> String {
    let place = match (server.is_asked, of) {
        (true, 1) => "",
        (true, _) => " (nginx asks it)",
        (false, _) => " (nginx asks another)",
    };
    let mut text = format!("{}{place}: {}", server.address, lookup(&server.before));
    let version = |lookup: &Lookup| lookup.held().map(|held| held.version);
    let was_right = server.before.held().and_then(|held| held.agreement) == Some(Agreement::Same);
    if let Some(after) = &server.after
        && !was_right
        && version(after) != version(&server.before)
    {
        text.push_str(&format!("; after the app was asked: {}", lookup(after)));
    }
    text
}

fn lookup(lookup: &Lookup) -> String {
    match lookup {
        Lookup::There(held) => item(held),
        Lookup::Absent { .. } => "not there".to_owned(),
        Lookup::Silent(why) => why.clone(),
    }
}

fn item(held: &StoredItem) -> String {
    let coding = match held.flags {
        0 => "plain".to_owned(),
        GZIP_FLAG => "gzip".to_owned(),
        other => format!("with flags {other} (expected 0 or {GZIP_FLAG})"),
    };
    let left = match held.seconds_left {
        Some(seconds) => format!("{} left", span(seconds)),
        None => "no expiry".to_owned(),
    };
    let idle = span(held.idle_seconds);
    let fetched = match held.was_fetched {
        true => format!("last fetched {idle} ago"),
        false => format!("stored {idle} ago and not fetched since"),
    };
    let agreement = match held.agreement {
        Some(Agreement::Same) => ", as the app sends it",
        Some(Agreement::Different { .. }) => ", NOT as the app sends it",
        Some(Agreement::FlaggedGzipButIsNot) => ", flagged gzip but NOT gzip",
        Some(Agreement::IsGzipButNotFlagged) => ", gzip WITHOUT its flag",
        None => "",
    };
    let bytes = grouped(held.bytes as u64);
    format!("{bytes} bytes, {coding}, {left}, {fetched}{agreement}")
}

fn app_text(app: &AppFacts) -> String {
    match app {
        AppFacts::Silent(why) => format!("no answer ({why})"),
        AppFacts::Answers {
            process,
            status,
            bytes,
            is_gzip,
            content_type,
            cache_control,
            not_stored,
            ..
        } => {
            let coding = if *is_gzip { " gzipped" } else { "" };
            let bytes = grouped(*bytes as u64);
            let mut text = format!(
                "{process} answers {status}, {bytes} bytes{coding} of {content_type}; {cache_control}"
            );
            if *status == 200 && !not_stored.is_empty() {
                text.push_str(&format!("; not stored: {}", not_stored.join(", ")));
            }
            text
        }
    }
}
