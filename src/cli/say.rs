//! Prints lines on standard output and standard error, whose readers may go away at any time.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process;

/// Prints a line. A reader that has gone, such as `head`, needs no more lines: the process ends well. Any
/// other failure, such as a full disk, is an error: the output is not whole.
pub(super) fn line(text: fmt::Arguments<'_>) {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            complain(format_args!(
                "error: cannot write to standard output: {error}"
            ));
            process::exit(1);
        }
    }
}

/// Prints a line on standard error. Where that is closed there is no place left to say so.
pub(super) fn complain(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// [`line`], with the words of `println!`.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::say::line(format_args!($($words)*))
    };
}

pub(super) use say;
