//! The talk's text for each version: what is wrong with it, and the remedy. Two sentences each; rungs/ has the whole
//! story.

use domain::rung::Rung;

use super::record::Step;

/// The diagram of a version.
pub(super) fn picture(rung: Rung) -> &'static str {
    match rung {
        Rung::CgiStrawman => "browser ── nginx ── fcgiwrap ── a program a request ── PostgreSQL",
        Rung::OneServer => "browser ── one process ── PostgreSQL",
        Rung::SharedNothing => "browser ── nginx ══ a process a core ══ PostgreSQL",
        Rung::CacheMoney => {
            "browser ── nginx ══ a process a core ══ PostgreSQL\n             └─ memcached ─┘"
        }
    }
}

/// The fault of a step, and its remedy.
pub(super) fn story(step: Step) -> &'static [&'static str] {
    match step {
        Step::Version(Rung::CgiStrawman) => &[
            "What's wrong with this picture? The program is started for every request: it is loaded, \
             builds the whole site, has PostgreSQL fork, answers once, and all of it is thrown away.",
            "Let's remedy that: a process that stays sets everything up once.",
        ],
        Step::Version(Rung::OneServer) => &[
            "What's wrong with this picture? One process meets the world alone: it waits for every slow \
             visitor, sends every file, asks the database on every page who is logged in, and when it \
             falls so does the site.",
            "Let's remedy that: nginx in front, which is good at connections, and behind it a process a \
             core, sharing nothing.",
        ],
        Step::Version(Rung::SharedNothing) => &[
            "What's wrong with this picture? The app says again and again what it has said: most \
             requests of a page are for files that never change, and each goes through nginx to the app \
             and back.",
            "Let's remedy that: the app pushes a file into memcached when it is first asked for, and \
             from then on nginx answers alone.",
        ],
        Step::Version(Rung::CacheMoney) => &[
            "What's wrong with this picture? Pages are still made anew for everybody, and somewhere in \
             it is an index.",
            "Nobody in front can see that one: let's take it away.",
        ],
        Step::WithoutIndex => &[
            "Don't forget to index. Same machine, same nginx, same memcached, same processes; but to \
             find the newest photos of somebody with a dozen, PostgreSQL now reads everybody's.",
        ],
        Step::IndexAgain => &["One line of SQL puts it back, while the site goes on."],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_fault_and_its_remedy() {
        for rung in Rung::ALL {
            let [fault, remedy] = story(Step::Version(rung)) else {
                panic!("{rung} is not told in two sentences");
            };
            assert!(
                fault.starts_with("What's wrong with this picture?"),
                "{rung}"
            );
            assert!(remedy.ends_with('.'), "{rung}");
        }
    }
}
