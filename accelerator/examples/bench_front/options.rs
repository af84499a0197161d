//! The command line.

use crate::Trouble;

const HELP: &str = "scripts/bench-front [--blocks N] [--seconds S] [--sizes 4,12,100] [--workers N] [--no-304] [--only-304] [--output FILE]";

pub(crate) struct Options {
    /// How often each contender is measured.
    pub(crate) blocks: usize,
    /// How long each measurement lasts.
    pub(crate) seconds: u64,
    /// The sizes of the items, in KB.
    pub(crate) sizes: Vec<usize>,
    /// How many processes of nginx each contender has.
    pub(crate) workers: usize,
    /// Whether the 304 is measured, too.
    pub(crate) not_modified: bool,
    /// The report; in an existing one only the measured parts are replaced.
    pub(crate) output: String,
    /// The command line, for the report.
    pub(crate) said: Vec<String>,
}

impl Options {
    pub(crate) fn from_words(words: impl Iterator<Item = String>) -> Result<Self, Trouble> {
        let said: Vec<String> = words.collect();
        let mut options = Self {
            blocks: 10,
            seconds: 1,
            sizes: vec![4, 12, 100],
            // wrk and memcached need the other half; with more workers, two equal contenders differ by a third.
            workers: (std::thread::available_parallelism()?.get() / 2).max(1),
            not_modified: true,
            output: "docs/results/front.md".to_owned(),
            said: said.clone(),
        };
        let mut words = said.into_iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("{word} wants a value\n{HELP}"))
            };
            match word.as_str() {
                "--blocks" => options.blocks = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--workers" => options.workers = value()?.parse()?,
                "--sizes" => {
                    options.sizes = value()?
                        .split(',')
                        .map(str::parse)
                        .collect::<Result<_, _>>()?
                }
                "--output" => options.output = value()?,
                "--no-304" => options.not_modified = false,
                "--only-304" => options.sizes.clear(),
                _ => return Err(HELP.into()),
            }
        }
        if options.blocks == 0
            || options.seconds == 0
            || options.workers == 0
            || options.sizes.contains(&0)
        {
            return Err(HELP.into());
        }
        Ok(options)
    }
}
