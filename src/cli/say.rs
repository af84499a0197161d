//! Says lines on standard output, to whoever reads them for as long as they like.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process;

/// Says a line. When the reader has gone, such as `head`, there is nothing left to do, and that is no fault.
pub(super) fn line(text: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{text}")
        && error.kind() == ErrorKind::BrokenPipe
    {
        process::exit(0);
    }
}

/// [`line`], with the words of `println!`.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::say::line(format_args!($($words)*))
    };
}

pub(super) use say;
