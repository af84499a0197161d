//! The output of a run: printed, written to files, compared with rules.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process;

use benchmarker::{Error, Plan, Report, Rules, page};

use super::system;
use crate::cli::Arguments;

/// The command line of this process, as a shell reads it.
pub(crate) fn command_line() -> String {
    let words: Vec<String> = std::env::args_os().map(|word| quoted(&word)).collect();
    words.join(" ")
}

/// Prints how far the run was from the ceiling of the generator, where that was measured.
pub(crate) fn print_ceiling(report: &Report) {
    let Some(ceiling) = report.generator.ceiling_per_sec.filter(|most| *most > 0.0) else {
        return;
    };
    let share = report.requests_per_sec / ceiling;
    let verdict = match share > page::CEILING_SHARE_MAX {
        true => ": the generator may be the limit, not the server",
        false => "",
    };
    print(&format!(
        "ceiling       {ceiling:.0} requests/s against a server that does nothing; this run is at {:.0} % of that{verdict}",
        share * 100.0
    ));
}

/// Writes the files of `--save` and `--html`.
pub(crate) fn write_files(report: &Report, arguments: &Arguments) -> Result<(), Error> {
    if let Some(file) = &arguments.save {
        write(file, &report.to_json()?)?;
    }
    if let Some(file) = &arguments.html {
        write(file, &page::report(report)?)?;
    }
    Ok(())
}

/// Prints the rules that are broken; returns whether there is one.
pub(crate) fn print_broken(rules: &Rules, report: &Report) -> bool {
    let broken = broken(rules, report);
    broken.iter().for_each(|sentence| print_error(sentence));
    !broken.is_empty()
}

/// The rules that a report breaks, in sentences. Skipped page views are in none of the times: with any
/// rule at all, there must be none.
pub(crate) fn broken(rules: &Rules, report: &Report) -> Vec<String> {
    let broken = rules.broken_by(report);
    let mut broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
    if report.load.skipped > 0 {
        broken.push(format!(
            "{} page views found no free browser within the timeout",
            report.load.skipped
        ));
    }
    broken
}

/// Warns of rules on requests that miss the waiting time of page views: in an open load only the
/// request for the page itself includes it.
pub(crate) fn warn_of_blind_rules(plan: &Plan, rules: &Rules) {
    if plan.is_open() && plan.fetches_parts() && rules.time_requests() {
        print_error(
            "note: only the requests for pages, not for their parts, include the wait for a free browser; \
             rules on page views, such as pages.p95<2s, include it in full",
        );
    }
}

/// Prints to standard output. Ignores that the reader, such as `head -2`, is gone: the run goes on,
/// because its exit status matters too. Any other failure, such as a full disk, ends the process,
/// because the output is not complete.
pub(crate) fn print(text: &str) {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            print_error(&format!("cannot write to standard output: {error}"));
            process::exit(1);
        }
        _ => {}
    }
}

/// Prints to standard error, after the name of the program. Ignores that standard error is closed.
pub(crate) fn print_error(text: &str) {
    let _ = writeln!(io::stderr(), "benchmarker: {text}");
}

/// Returns an error if the result cannot be written to a file; called before the measurement.
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

/// A word quoted for a shell; bytes that are not UTF-8 are quoted for bash.
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
