//! Medians and ratios, for the terminal and for `docs/results/front.md`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::Trouble;
use crate::load::{CONNECTIONS, Seen};
use crate::memcached::threads;
use crate::options::Options;

/// The sections in their order.
const ORDER: [&str; 4] = ["4 KB", "12 KB", "100 KB", "304"];

/// The measurements: a row a block, a column a contender, the shipped front first.
pub(crate) struct Table {
    title: String,
    names: Vec<&'static str>,
    rows: Vec<Vec<Seen>>,
}

impl Table {
    pub(crate) fn new(title: String, names: Vec<&'static str>) -> Self {
        Self {
            title,
            names,
            rows: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, row: Vec<Seen>) {
        self.rows.push(row);
    }

    pub(crate) fn print(&self) {
        print!("{}", self.markdown());
        println!("{}", self.disturbed());
    }

    fn column(&self, which: usize, of: impl Fn(&Seen) -> f64) -> Vec<f64> {
        self.rows.iter().map(|row| of(&row[which])).collect()
    }

    fn markdown(&self) -> String {
        let mut text = String::from(
            "| who | requests/s | shipped to it (range over the blocks) | its CPU, µs a request | wrk's CPU, of one core |\n\
             | :-- | --: | --: | --: | --: |\n",
        );
        for (which, name) in self.names.iter().enumerate() {
            let ratio = if which == 0 {
                String::new()
            } else {
                let mut ratios: Vec<f64> = self
                    .rows
                    .iter()
                    .map(|row| row[0].requests_per_sec / row[which].requests_per_sec)
                    .collect();
                let median = median(&mut ratios);
                format!(
                    "{median:.2} ({:.2} to {:.2})",
                    ratios[0],
                    ratios[ratios.len() - 1]
                )
            };
            // Writing into a String cannot fail.
            let _infallible = writeln!(
                text,
                "| {name} | {} | {ratio} | {:.1} | {:.0} % |",
                thousands(median(
                    &mut self.column(which, |seen| seen.requests_per_sec)
                )),
                median(&mut self.column(which, |seen| seen.cpu_us)),
                median(&mut self.column(which, |seen| seen.wrk_share)) * 100.0,
            );
        }
        text
    }

    fn disturbed(&self) -> String {
        let repeated: usize = self.rows.iter().flatten().map(|seen| seen.repeated).sum();
        let all = self.rows.len() * self.names.len();
        format!(
            "{repeated} of {all} measurements were taken again because others used the machine meanwhile."
        )
    }
}

/// Returns the median, and leaves the values sorted.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Replaces the measured sections of the report; keeps the others.
pub(crate) fn write(path: &Path, options: &Options, tables: &[Table]) -> Result<(), Trouble> {
    let old = std::fs::read_to_string(path)
        .unwrap_or_else(|_| "# The front beside its peers\n".to_owned());
    let mut sections: Vec<String> = old.split("\n## ").map(str::to_owned).collect();
    for table in tables {
        let section = format!(
            "{}\n\n{}\n{}\n",
            table.title,
            circumstances(options, table)?,
            table.markdown()
        );
        let section = section.trim_end().to_owned() + "\n";
        let title = |section: &String| section.lines().next().unwrap_or_default().to_owned();
        let place = |title: &str| {
            ORDER
                .iter()
                .position(|known| *known == title)
                .unwrap_or(ORDER.len())
        };
        if let Some(there) = sections
            .iter_mut()
            .skip(1)
            .find(|there| title(there) == table.title)
        {
            *there = section;
        } else {
            let later = |there: &String| place(&title(there)) > place(&table.title);
            let at = sections
                .iter()
                .skip(1)
                .position(later)
                .map_or(sections.len(), |at| at + 1);
            sections.insert(at, section);
        }
    }
    let text: Vec<&str> = sections.iter().map(|section| section.trim_end()).collect();
    Ok(std::fs::write(path, text.join("\n\n## ") + "\n")?)
}

/// The versions and settings that the numbers depend on.
fn circumstances(options: &Options, table: &Table) -> Result<String, Trouble> {
    let command: Vec<&str> = std::iter::once("scripts/bench-front")
        .chain(options.said.iter().map(String::as_str))
        .collect();
    let read = |path: &str| {
        std::fs::read_to_string(path)
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("", |(_, name)| name);
    Ok(format!(
        "Measured on {} by `{}`: {} blocks of {} s each, `wrk -t1 -c{CONNECTIONS}` on the same machine; workers \
         of every nginx and pools of threads of Varnish: {}, threads of every memcached: {}. {} cores \
         ({model}), Linux {}, TCP by {}; {}. {}\n",
        said("date", "+%F"),
        command.join(" "),
        options.blocks,
        options.seconds,
        options.workers,
        threads(options.workers),
        std::thread::available_parallelism()?,
        read("/proc/sys/kernel/osrelease"),
        read("/proc/sys/net/ipv4/tcp_congestion_control"),
        [
            said("nginx", "-v")
                .replace("version: ", "")
                .replace("nginx/", ""),
            said("memcached", "-V"),
            said("varnishd", "-V")
                .split(" revision")
                .next()
                .unwrap_or_default()
                .replace("varnishd (", ""),
            said("wrk", "-v")
                .split(" [")
                .next()
                .unwrap_or_default()
                .to_owned(),
        ]
        .join(", "),
        table.disturbed(),
    ))
}

/// The first line of a program's version output.
fn said(program: &str, word: &str) -> String {
    let Ok(output) = Command::new(program).arg(word).output() else {
        return format!("no {program}");
    };
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
