//! What is left of a run: said, written to files, held against rules.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process;

use benchmarker::{Circumstances, Error, Plan, Report, Rules, Saved, page};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::system;
use crate::cli::Arguments;

/// A run's result, as it is saved.
pub(crate) struct Results(pub(crate) Saved);

impl Results {
    pub(crate) fn new(
        report: &Report,
        plan: &Plan,
        started: String,
        ceiling_per_sec: Option<f64>,
    ) -> Self {
        let words: Vec<String> = std::env::args_os().map(|word| quoted(&word)).collect();
        Self(report.saved(
            plan,
            Circumstances {
                command: words.join(" "),
                started,
                ceiling_per_sec,
            },
        ))
    }

    /// Says how far the run was from what the generator can do at all.
    pub(crate) fn say_certificate(&self) {
        let Some(ceiling) = self.0.generator.ceiling_per_sec.filter(|most| *most > 0.0) else {
            return;
        };
        let share = self.0.requests_per_sec / ceiling;
        let verdict = match share > page::CEILING_SHARE_MAX {
            true => ": the generator may be the limit, not the server",
            false => "",
        };
        say(&format!(
            "ceiling       {ceiling:.0} requests/s against a server that does nothing; this run is at {:.0} % of that{verdict}",
            share * 100.0
        ));
    }

    /// Writes the files that were asked for.
    pub(crate) fn write(&self, arguments: &Arguments) -> Result<(), Error> {
        if let Some(file) = &arguments.save {
            write(file, &self.0.to_json()?)?;
        }
        if let Some(file) = &arguments.html {
            write(file, &page::report(&self.0)?)?;
        }
        Ok(())
    }

    /// Says which rules are broken; whether one is.
    pub(crate) fn say_broken(&self, rules: &Rules) -> bool {
        let broken = broken(rules, &self.0);
        for broken in &broken {
            complain(broken);
        }
        !broken.is_empty()
    }
}

/// What a result does not keep, in sentences. Page views that were turned away are among no times: with any
/// rule at all, there must be none.
pub(crate) fn broken(rules: &Rules, result: &Saved) -> Vec<String> {
    let broken = rules.broken_by(result);
    let mut broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
    if result.load.skipped > 0 {
        broken.push(format!(
            "{} page views found no free browser within the time-out",
            result.load.skipped
        ));
    }
    broken
}

/// Says what rules on requests do not see: in an open load only the page itself waits for a browser.
pub(crate) fn warn_of_blind_rules(plan: &Plan, rules: &Rules) {
    if plan.is_open() && plan.fetches_parts() && rules.time_requests() {
        complain(
            "note: times of requests hold no waiting for a free browser, but for the page's own; \
             rules such as pages.p95<2s do",
        );
    }
}

/// Prints to standard output. A reader such as `head -2` may be gone already: no reason to complain, and the run goes
/// on, because its exit status tells as much. Any other failure, such as a full disk, ends the process: the output is
/// not whole.
pub(crate) fn say(text: &str) {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}"));
            process::exit(1);
        }
        _ => {}
    }
}

/// Prints to standard error, in the name of the program. Where that is closed there is no place left to say so.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "benchmarker: {text}");
}

/// Refuses a file that the result could not be written to, before anything is measured.
pub(crate) fn can_be_written(file: Option<&Path>) -> Result<(), Error> {
    let Some(file) = file else { return Ok(()) };
    benchmarker::check_writable(file).map_err(|cause| {
        let at = file.display();
        Error::Invalid(format!("the result cannot be written to {at}: {cause}"))
    })
}

pub(crate) fn write(file: &Path, text: &str) -> Result<(), Error> {
    fs::write(file, text).map_err(|cause| {
        let at = file.display();
        system(
            "writing a result",
            io::Error::new(cause.kind(), format!("{at}: {cause}")),
        )
    })
}

/// The present moment by RFC 3339.
pub(crate) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// A word as a shell reads it: of a file name that is not UTF-8, bash reads every byte.
fn quoted(word: &OsStr) -> String {
    let Some(word) = word.to_str() else {
        let bytes: String = word.as_bytes().escape_ascii().to_string();
        return format!("$'{bytes}'");
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,%+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        for (word, expected) in [
            ("--rate=5", "--rate=5"),
            ("Cookie: a=b", "'Cookie: a=b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("p95<2s", "'p95<2s'"),
        ] {
            assert_eq!(super::quoted(word.as_ref()), expected);
        }
        let latin1 = OsStr::from_bytes(b"r\xe9sultat's.json");
        assert_eq!(super::quoted(latin1), r"$'r\xe9sultat\'s.json'");
    }
}
