//! Two saved results beside each other.

use benchmarker::compare::Pair;
use benchmarker::{Error, Saved, page};

use super::results::{say, write};
use crate::Ended;
use crate::cli::CompareFiles;

pub(crate) fn compare(files: &CompareFiles) -> Result<Ended, Error> {
    let (a, b) = (Saved::read_file(&files.a)?, Saved::read_file(&files.b)?);
    say(&Pair::of(&a, &b).to_string());
    if let Some(file) = &files.html {
        write(file, &page::comparison(&a, &b, &[])?)?;
    }
    Ok(Ended::Well)
}
