//! `benchmarker compare A B`: compares two saved results.

use benchmarker::compare::Pair;
use benchmarker::{Error, Report, page};

use super::Ended;
use super::results::{can_be_written, print, write};
use crate::cli::CompareFiles;

pub(crate) fn compare(files: &CompareFiles) -> Result<Ended, Error> {
    can_be_written(files.html.as_deref())?;
    let (a, b) = (Report::read_file(&files.a)?, Report::read_file(&files.b)?);
    let pair = Pair::of(&a, &b);
    print(&pair.to_string());
    if let Some(file) = &files.html {
        write(file, &page::comparison(&a, &b, &[])?)?;
    }
    // As for a run: without numbers, or with doubtful ones, the exit status is 1.
    Ok(match pair.doubts.is_empty() {
        true => Ended::Measured,
        false => Ended::WithoutNumbers,
    })
}
