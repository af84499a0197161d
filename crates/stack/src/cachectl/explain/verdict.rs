//! Decides what the findings mean, and what to do; a pure function, so that every case has a test.

use accelerator::{NoKey, NotStored};

use super::compare::Agreement;
use super::findings::{AppFacts, Lookup, ServerFacts, StoredItem, Verdict, VisitorFacts};
use super::{no_key, not_stored_reason};
use crate::cachectl::format::{counted, grouped, span};

/// The input of a verdict.
pub(super) struct Facts<'a> {
    pub(super) path: &'a str,
    pub(super) no_key: Option<NoKey>,
    pub(super) servers: &'a [ServerFacts],
    pub(super) app: Option<&'a AppFacts>,
    pub(super) visitor: Option<&'a VisitorFacts>,
}

const NOTHING_TO_DO: &str = "Nothing to do.";

/// Decides the verdict.
pub(super) fn of(facts: &Facts<'_>) -> Verdict {
    let verdict = decide(facts);
    // nginx's response decides in the end.
    let Some(visitor) = facts.visitor else {
        return verdict;
    };
    let is_hit = visitor.answered_by.starts_with("HIT");
    match visitor.is_same {
        // nginx may have marked a server as failed that responds again.
        _ if verdict.is_cached && visitor.answered_by.starts_with("MISS") => no(
            "nginx-passes-by",
            "It is in memcached, but nginx just asked the app: it has marked this memcached as failed, as it does for 2 seconds after two failures.".to_owned(),
            "Ask again in a few seconds; if this persists, nginx has other servers than the app, or another order.",
        ),
        Some(false) if is_hit && matches!(verdict.case, "cached" | "stored-now") => Verdict {
            is_cached: true,
            case: "visitor-gets-other-bytes",
            why: "Cached, but wrong: memcached holds the app's bytes, and a client received others.".to_owned(),
            advice: "Compare nginx's servers with those above, and check whether something between memcached and the client changes the response.".to_owned(),
        },
        // The counted refusal belonged to another request, or another request has stored the file.
        Some(true) if is_hit && !verdict.is_cached && facts.no_key.is_none() => yes(
            "stored-now",
            "Cached from now on: a request a moment later was answered from memcached, with the very bytes that the app sends.".to_owned(),
            NOTHING_TO_DO,
        ),
        _ => verdict,
    }
}

fn decide(facts: &Facts<'_>) -> Verdict {
    if let Some(no_key) = facts.no_key {
        let why = format!(
            "nginx never asks memcached for it, because {}.",
            no_key.why(facts.path)
        );
        return no("no-key", why, &no_key::advice(no_key, facts.path));
    }
    let Some(home) = facts.servers.iter().find(|server| server.is_asked) else {
        return no(
            "no-memcached",
            "There is no memcached: the app answers every request.".to_owned(),
            "Run the site with one.",
        );
    };
    match &home.before {
        Lookup::Silent(silence) => no(
            "memcached-silent",
            format!(
                "Its memcached, {}, does not answer ({silence}); nginx treats that as a miss and asks the app.",
                home.address
            ),
            "Check that memcached. `flickr-killr up` replaces one that hangs or dies; it restarts empty and fills by itself.",
        ),
        Lookup::There(held) => item_present(held, home, facts),
        Lookup::Absent {
            uptime_seconds,
            evictions,
        } => {
            let stray = facts
                .servers
                .iter()
                .find(|server| !server.is_asked && server.before.held().is_some());
            match (stray, facts.app) {
                (Some(stray), _) if !is_stored(home) => no(
                    "wrong-server",
                    format!(
                        "It is on {}, which nginx does not ask: it asks {}.",
                        stray.address, home.address
                    ),
                    "Give nginx and the app the same servers in the same words and order. The stray copy expires, or is removed by a purge, which asks all servers.",
                ),
                (_, None) => no(
                    "not-there",
                    absence(*uptime_seconds, *evictions),
                    "Run it without --look: that asks the app, and shows whether it stores its response.",
                ),
                (_, Some(AppFacts::Silent(_))) => no(
                    "app-silent",
                    "Memcached does not have it, and no app process answers.".to_owned(),
                    "Check the app: `flickr-killr status` shows what runs.",
                ),
                (
                    _,
                    Some(AppFacts::Answers {
                        status,
                        bytes,
                        not_stored,
                        ..
                    }),
                ) => item_absent(
                    *status,
                    *bytes,
                    not_stored,
                    home,
                    &absence(*uptime_seconds, *evictions),
                ),
            }
        }
    }
}

/// The item was in memcached before the request.
fn item_present(held: &StoredItem, home: &ServerFacts, facts: &Facts<'_>) -> Verdict {
    let address = home.address;
    let key_is = format!("the key on {address}");
    let stays = match held.seconds_left {
        Some(seconds) => format!("for another {}", span(seconds)),
        None => "until it is evicted".to_owned(),
    };
    let (status, is_replaced) = match facts.app {
        None => {
            return yes(
                "cached-unchecked",
                format!(
                    "Cached: nginx answers it from {address} {stays}. It was not compared with the app's response."
                ),
                "Run it without --look to compare the two.",
            );
        }
        Some(AppFacts::Silent(_)) => {
            return yes(
                "cached-app-silent",
                format!(
                    "Cached: nginx answers it from {address} {stays}, although no app process answers."
                ),
                "Check the app: `flickr-killr status` shows what runs.",
            );
        }
        Some(AppFacts::Answers { status, .. }) => (*status, is_stored(home)),
    };
    let healed = if is_replaced {
        "This request to the app has replaced it; ask again to be sure, and find out which other program writes to this memcached."
    } else {
        "Purge it, and find out which other program writes to this memcached."
    };
    let wrong = |case, why: String| Verdict {
        is_cached: true,
        case,
        why,
        advice: healed.to_owned(),
    };
    match held.agreement {
        Some(Agreement::Same) => yes(
            "cached",
            format!(
                "Cached: nginx answers it from {address} {stays}, with the very bytes that the app would send."
            ),
            NOTHING_TO_DO,
        ),
        Some(Agreement::Different { at }) => wrong(
            "other-bytes",
            format!(
                "Cached, but wrong: memcached held other bytes than the app sends (the first different byte is number {}).",
                grouped(at as u64 + 1)
            ),
        ),
        Some(Agreement::FlaggedGzipButIsNot) => wrong(
            "flagged-gzip-but-is-not",
            "Cached, but unreadable: its flags mark gzip, but its bytes are not.".to_owned(),
        ),
        Some(Agreement::IsGzipButNotFlagged) => wrong(
            "gzip-but-not-flagged",
            "Cached, but unreadable: its bytes are gzip, but its flags do not mark it.".to_owned(),
        ),
        None if status == 404 || status == 410 => Verdict {
            is_cached: true,
            case: "held-but-gone",
            why: format!(
                "It must not be there: the app returns {status}, the file is gone, and memcached still has it, so nginx sends it to every client."
            ),
            advice: format!(
                "Purge {key_is}: delete the photo once more, or restart that memcached. The app's log names the unconfirmed purge."
            ),
        },
        None => yes(
            "cached-app-fails",
            format!(
                "Cached: nginx answers it from {address} {stays}. The app itself answers {status} now."
            ),
            "Check the app's log: once this copy expires, visitors get that response.",
        ),
    }
}

/// The item was not there, so the app was asked.
fn item_absent(
    status: u16,
    bytes: usize,
    not_stored: &[&'static str],
    home: &ServerFacts,
    absence: &str,
) -> Verdict {
    if status == 404 || status == 410 {
        return no(
            "no-such-file",
            format!(
                "There is no such file: the app answers {status}, and only a 200 is stored. It was deleted or hidden, or never existed; a fingerprint may be that of another build."
            ),
            "Take the URL from a current page.",
        );
    }
    if status != 200 {
        return no(
            "app-fails",
            format!("The app answers {status}, and only a 200 is stored."),
            "Check the app's log.",
        );
    }
    if is_stored(home) {
        return yes(
            "stored-now",
            format!("Cached from now on, by this request. {absence}"),
            NOTHING_TO_DO,
        );
    }
    let reasons: Vec<NotStored> = NotStored::ALL
        .into_iter()
        .filter(|reason| not_stored.contains(&reason.name()))
        .collect();
    match reasons.as_slice() {
        [] => no(
            "not-stored-unknown",
            "The app answered 200, and within 3 seconds it was neither stored nor refused: its queue is long, or it has other servers than those above.".to_owned(),
            "Compare the servers above with those of the app, and ask again.",
        ),
        [reason] => {
            let (why, advice) = not_stored_reason::of(*reason, bytes);
            no(reason.name(), format!("The app did not store it: {why}."), advice)
        }
        several => {
            let names: Vec<_> = several.iter().map(|reason| reason.name()).collect();
            no(
                "not-stored",
                format!("The app did not store it; meanwhile it counted {}, some of it for other requests.", names.join(" and ")),
                "Ask again when the site is quieter.",
            )
        }
    }
}

/// Whether an item was stored since the first lookup.
fn is_stored(server: &ServerFacts) -> bool {
    let version = |look: &Lookup| look.held().map(|held| held.version);
    let after = server.after.as_ref().and_then(version);
    after.is_some() && after != version(&server.before)
}

fn absence(uptime_seconds: u64, evictions: u64) -> String {
    let evicted = match evictions {
        0 => "has evicted nothing".to_owned(),
        some => format!(
            "has evicted {} for lack of space",
            counted(some, "item", "items")
        ),
    };
    format!(
        "It was not requested yet, or it was removed: this memcached has run for {} and {evicted}.",
        span(uptime_seconds)
    )
}

fn yes(case: &'static str, why: String, advice: &str) -> Verdict {
    Verdict {
        is_cached: true,
        case,
        why,
        advice: advice.to_owned(),
    }
}

fn no(case: &'static str, mut why: String, advice: &str) -> Verdict {
    why.insert_str(0, "Not cached. ");
    Verdict {
        is_cached: false,
        case,
        why,
        advice: advice.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(version: u64) -> Lookup {
        Lookup::There(StoredItem {
            bytes: 9,
            flags: 0,
            seconds_left: Some(60),
            idle_seconds: 0,
            was_fetched: true,
            version,
            agreement: Some(Agreement::Same),
        })
    }

    fn app(not_stored: Vec<&'static str>) -> AppFacts {
        AppFacts::Answers {
            process: "app-0".to_owned(),
            status: 200,
            bytes: 9,
            is_gzip: false,
            content_type: String::new(),
            cache_control: String::new(),
            cache_status: None,
            not_stored,
        }
    }

    fn case(before: Lookup, after: Lookup, app: &AppFacts, answered_by: &str) -> &'static str {
        case_of(before, after, app, (answered_by, true))
    }

    fn case_of(
        before: Lookup,
        after: Lookup,
        app: &AppFacts,
        (answered_by, is_same): (&str, bool),
    ) -> &'static str {
        let servers = [ServerFacts {
            address: ([127, 0, 0, 1], 11211).into(),
            is_asked: true,
            before,
            after: Some(after),
        }];
        let visitor = VisitorFacts {
            status: 200,
            answered_by: answered_by.to_owned(),
            is_same: Some(is_same),
        };
        let verdict = of(&Facts {
            path: "/i/a.webp",
            no_key: None,
            servers: &servers,
            app: Some(app),
            visitor: Some(&visitor),
        });
        assert_eq!(
            verdict.is_cached,
            !verdict.why.starts_with("Not cached."),
            "{verdict:?}"
        );
        verdict.case
    }

    #[test]
    fn nginx_has_the_last_word() {
        let app = app(vec![]);
        assert_eq!(case(held(1), held(2), &app, "HIT memcached"), "cached");
        assert_eq!(case(held(1), held(2), &app, "MISS"), "nginx-passes-by");
        let other = ("HIT memcached", false);
        assert_eq!(
            case_of(held(1), held(2), &app, other),
            "visitor-gets-other-bytes"
        );
    }

    #[test]
    fn a_hit_is_believed_before_a_refusal_that_may_be_of_another_request() {
        let absent = || Lookup::Absent {
            uptime_seconds: 1,
            evictions: 0,
        };
        let refused = app(vec!["server_error"]);
        assert_eq!(
            case(absent(), absent(), &refused, "HIT memcached"),
            "stored-now"
        );
        let other = ("HIT memcached", false);
        assert_eq!(case_of(absent(), absent(), &refused, other), "server_error");
    }

    #[test]
    fn every_reason_of_the_accelerator_is_a_case_of_its_own() {
        let absent = || Lookup::Absent {
            uptime_seconds: 1,
            evictions: 0,
        };
        for reason in NotStored::ALL.map(NotStored::name) {
            assert_eq!(case(absent(), absent(), &app(vec![reason]), "MISS"), reason);
        }
        for (not_stored, expected) in [
            (vec!["queue_full", "server_down"], "not-stored"),
            (vec![], "not-stored-unknown"),
        ] {
            assert_eq!(case(absent(), absent(), &app(not_stored), "MISS"), expected);
        }
        let silent = AppFacts::Silent("gone".to_owned());
        assert_eq!(case(absent(), absent(), &silent, "MISS"), "app-silent");
    }
}
