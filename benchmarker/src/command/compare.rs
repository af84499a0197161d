//! Two saved results beside each other.

use benchmarker::compare::Pair;
use benchmarker::{Error, Saved, page};

use super::results::{can_be_written, say, write};
use crate::Ended;
use crate::cli::CompareFiles;

pub(crate) fn compare(files: &CompareFiles) -> Result<Ended, Error> {
    can_be_written(files.html.as_deref())?;
    let (a, b) = (Saved::read_file(&files.a)?, Saved::read_file(&files.b)?);
    let pair = Pair::of(&a, &b);
    say(&pair.to_string());
    if let Some(file) = &files.html {
        write(file, &page::comparison(&a, &b, &[])?)?;
    }
    // As of a run: without a number, or with one that is in doubt, the exit status is 1.
    Ok(match pair.doubts.is_empty() {
        true => Ended::Well,
        false => Ended::WithoutNumber,
    })
}
