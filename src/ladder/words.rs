//! The story, version by version: what it is and what is wrong with it, and what remedies that.

use super::record::Step;
use crate::rung::Rung;

/// Two sentences a step.
pub(super) fn story(step: Step) -> [&'static str; 2] {
    match step {
        Step::Version(Rung::CgiStrawman) => [
            "What's wrong with this picture: nginx has the program started for every request, which \
             builds its templates and its router, connects to PostgreSQL, answers once and dies.",
            "Let's remedy some of these issues: a process that stays sets everything up once, and its \
             database connections wait for the next visitor.",
        ],
        Step::Version(Rung::OneServer) => [
            "What's wrong with this picture: one process meets every visitor itself, holds each slow \
             reader in its own memory, serves every file, and when it stops so does the site.",
            "Let's remedy some of these issues: nginx in front, which holds whoever is slow or idle, \
             and behind it a process a core that share nothing.",
        ],
        Step::Version(Rung::SharedNothing) => [
            "What's wrong with this picture: of five requests of a page four are for files, the same \
             for everybody, and each goes through nginx to the app and back; and the photo query \
             looks harmless.",
            "Let's remedy some of these issues: the app pushes a file into memcached when it is first \
             asked for, and from then on nginx answers alone.",
        ],
        Step::Version(Rung::CacheMoney) => [
            "What's wrong with this picture: nothing that more machines would not remedy, since the \
             app makes pages and does nothing else.",
            "So let us take one thing away that nobody can see from here.",
        ],
        Step::WithoutIndex => [
            "Don't forget to index: the same version, the same machine, and the index of photos by \
             their owner is gone, so PostgreSQL looks for a dozen photos in all of them.",
            "All that four versions have won is lost by one line of SQL that is missing.",
        ],
        Step::IndexAgain => [
            "The line is back: create index photos_userid on photos (userid, id desc).",
            "And so is everything else.",
        ],
    }
}
