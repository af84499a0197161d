//! Prints lines on standard output and standard error. The reader of either may go away at any time.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process;

/// Prints a line. If the reader has closed the pipe, as `head` does, the process exits with 0. On any other failure,
/// such as a full disk, it exits with 1: the output is incomplete.
pub(super) fn line(text: fmt::Arguments<'_>) {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            error_line(format_args!(
                "error: cannot write to standard output: {error}"
            ));
            process::exit(1);
        }
    }
}

/// Prints a line on standard error. Ignores a failure: there is no other place to report it.
pub(super) fn error_line(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// [`line`], with the arguments of `println!`.
macro_rules! print_line {
    ($($arguments:tt)*) => {
        $crate::cli::output::line(format_args!($($arguments)*))
    };
}

pub(super) use print_line;
