//! The machine that was measured: without it a number means little.

use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::host_cpu;

/// The machine, and the programs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The model name of the processor.
    pub processor: String,
    /// How many of its cores this process may use.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The version of Linux.
    pub kernel: String,
    /// The version of this program.
    pub flickr_killr: String,
    pub nginx: String,
    pub memcached: String,
    pub postgresql: String,
    /// The version of wrk, if it is installed.
    pub wrk: Option<String>,
}

impl Machine {
    /// Reads the machine, the versions of the programs, and that of the running database.
    pub(super) async fn look(db: &db::Pool) -> Result<Self> {
        let postgresql = db.acquire().await?.server_version_num();
        Ok(Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            cores: host_cpu::count(),
            memory_mib: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
                .unwrap_or(0)
                / 1024,
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            flickr_killr: env!("CARGO_PKG_VERSION").to_owned(),
            nginx: version("nginx", "-v").unwrap_or_default(),
            memcached: version("memcached", "-V").unwrap_or_default(),
            postgresql: postgresql.map(postgresql_version).unwrap_or_default(),
            wrk: version("wrk", "-v"),
        })
    }

    /// On one line.
    pub fn line(&self) -> String {
        format!(
            "{} cores ({}), {} MiB, Linux {}, nginx {}, memcached {}, PostgreSQL {}",
            self.cores,
            self.processor,
            self.memory_mib,
            self.kernel,
            self.nginx,
            self.memcached,
            self.postgresql
        )
    }
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let (_, value) = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

/// The version of a program: the first word of its output that begins with a digit.
fn version(program: &str, flag: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())?;
    let said = Command::new(program).arg(flag).output().ok()?;
    let said = [said.stdout, said.stderr].concat();
    first_number(&String::from_utf8_lossy(&said))
}

fn first_number(said: &str) -> Option<String> {
    let mut words = said.split([' ', '/', '\n']);
    let found = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(found.to_owned())
}

/// 150018 is 15.18.
fn postgresql_version(number: u32) -> String {
    format!("{}.{}", number / 10_000, number % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_say_their_version_in_different_words() {
        let of = |said| first_number(said).unwrap();
        assert_eq!(of("nginx version: nginx/1.22.1\n"), "1.22.1");
        assert_eq!(of("memcached 1.6.18\n"), "1.6.18");
        assert_eq!(of("wrk debian/4.1.0-3 [epoll]"), "4.1.0-3");
        assert_eq!(postgresql_version(150_018), "15.18");
    }
}
