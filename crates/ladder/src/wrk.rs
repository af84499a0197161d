//! An independent measurement: wrk on the same pages, where it is installed.

use std::fs::{File, remove_file};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::workload::CONNECTIONS;

/// Pages a second as wrk counts them; `None` if it is not installed.
pub(super) fn pages_per_sec(
    site: SocketAddr,
    paths: &[String],
    duration: Duration,
) -> Result<Option<f64>> {
    let script = Script::write(paths).context("cannot write a script for wrk")?;
    let said = Command::new("wrk")
        .args(["-t1", &format!("-c{CONNECTIONS}"), "--timeout", "30s"])
        // wrk takes whole seconds only.
        .arg(format!("-d{}s", duration.as_secs().max(1)))
        .arg("-s")
        .arg(&script.0)
        .arg(format!("http://{site}/"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    Ok(said
        .ok()
        .and_then(|said| rate(&String::from_utf8_lossy(&said.stdout))))
}

/// The list of pages as a script for wrk; the file is removed when this is dropped.
struct Script(PathBuf);

impl Script {
    fn write(paths: &[String]) -> Result<Self> {
        let name = format!("flickr-killr-wrk-{:08x}.lua", rand::random::<u32>());
        let script = Self(std::env::temp_dir().join(name));
        let paths: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
        write!(
            File::create_new(&script.0)?,
            "local paths = {{ {} }}\n\
             request = function() return wrk.format('GET', paths[math.random(#paths)]) end\n",
            paths.join(", ")
        )?;
        Ok(script)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = remove_file(&self.0);
    }
}

fn rate(said: &str) -> Option<f64> {
    let mut lines = said.lines();
    let rate = lines.find_map(|line| line.trim().strip_prefix("Requests/sec:"))?;
    rate.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_where_wrk_writes_it() {
        let said = "  2 threads\n  39480 requests in 5.00s\nRequests/sec:   7896.12\n";
        assert_eq!(rate(said), Some(7896.12));
        assert_eq!(rate("unable to connect"), None);
    }
}
