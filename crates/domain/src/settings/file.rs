//! Reads the TOML file: each line sets a flag that neither the command line nor the environment sets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// Parses a command line whose subcommand may name a `--config` file.
///
/// `catalogue` is the command that has every setting; a file may hold all of them, also when the
/// subcommand at hand needs only some. Returns the matches and the names that came from the file.
/// An invalid command line ends the process with clap's own message, as everywhere.
pub fn with_config_file(
    command: &Command,
    catalogue: &Command,
    mut words: Vec<OsString>,
) -> Result<(ArgMatches, FromFile)> {
    let matches = parse(command, &words)?;
    let Some((name, given)) = matches.subcommand() else {
        return Ok((matches, FromFile::default()));
    };
    let Ok(Some(path)) = given.try_get_one::<PathBuf>("config") else {
        return Ok((matches, FromFile::default()));
    };
    let path = path.clone();
    let takes = command
        .find_subcommand(name)
        .with_context(|| format!("no subcommand {name}"))?;
    let mut from_file = FromFile::default();
    for (key, value) in read(&path, catalogue)? {
        let id = key.replace('-', "_");
        let known_here = takes.get_arguments().any(|arg| arg.get_id() == id.as_str());
        if known_here && !said_before(given, &id) {
            words.push(format!("--{key}={value}").into());
            from_file.0.push(id);
        }
    }
    let matches = parse(command, &words).map_err(|error| {
        let error = error.to_string();
        let error = error.trim_start_matches("error: ").trim_end();
        anyhow!("with the settings file {}: {error}", path.display())
    })?;
    Ok((matches, from_file))
}

/// The ids of the settings that the file decided.
#[derive(Debug, Default, Clone)]
pub struct FromFile(Vec<String>);

impl FromFile {
    /// Whether the file decided this setting.
    pub fn holds(&self, id: &str) -> bool {
        self.0.iter().any(|known| known == id)
    }
}

/// Help and version are answers, not errors: they are printed and end the process here.
fn parse(command: &Command, words: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let parsed = command.clone().try_get_matches_from(words);
    if let Err(error) = &parsed
        && !error.use_stderr()
    {
        error.exit();
    }
    parsed
}

fn said_before(given: &ArgMatches, id: &str) -> bool {
    let said = |id: &str| {
        given.try_contains_id(id).is_ok()
            && matches!(
                given.value_source(id),
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            )
    };
    said(id) || (id == "lab" && said("no_lab"))
}

fn read(path: &Path, catalogue: &Command) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings file {}", path.display()))?;
    // Editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("the settings file {} is not TOML", path.display()))?;
    let names: Vec<&str> = catalogue
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .filter(|name| !["config", "no-lab", "help", "version"].contains(name))
        .collect();
    let mut settings = BTreeMap::new();
    for (key, value) in table {
        if !names.contains(&key.as_str()) {
            bail!(
                "the settings file {} says {key:?}, which is no setting; known are {}",
                path.display(),
                names.join(", ")
            );
        }
        settings.insert(key, plain(&value, path)?);
    }
    Ok(settings)
}

fn plain(value: &toml::Value, path: &Path) -> Result<String> {
    Ok(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(yes) => yes.to_string(),
        other => bail!(
            "the settings file {} holds {other}, where a text, a number, true or false is needed",
            path.display()
        ),
    })
}
