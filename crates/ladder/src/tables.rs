//! The tables of a talk, for the terminal and as Markdown.

use benchmarker::chart::Dot;

use super::baselines::{self, Baselines};
use super::grid::Grid;
use super::numbers::{count, factor, ms, rate};
use super::record::{Cpu, Step, Talk};
use super::summary::{Middle, Row, rows};
use super::workload::Workload;

/// The rows in the order in which they are shown: the versions from the first, then the last one without its index,
/// beside the first version again.
const ROWS: [(Step, Shown); 7] = [
    (Step::ALL[0], Shown::First),
    (Step::ALL[1], Shown::First),
    (Step::ALL[2], Shown::First),
    (Step::ALL[3], Shown::First),
    (Step::WithoutIndex, Shown::First),
    (Step::ALL[0], Shown::Again),
    (Step::IndexAgain, Shown::First),
];

/// Whether a row is shown for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    First,
    /// Once more, for comparison.
    Again,
}

/// Where a table is shown.
#[derive(Debug, Clone, Copy)]
enum Reader<'p> {
    /// A terminal, which is not wide.
    Terminal,
    /// A page, which has room for ranges over rounds and for the baselines.
    Page(Option<&'p Baselines>),
}

/// A talk with its rows worked out.
#[derive(Debug)]
pub struct Tables<'a> {
    talk: &'a Talk,
    rows: Vec<Row>,
}

impl<'a> Tables<'a> {
    pub fn of(talk: &'a Talk) -> Self {
        Self {
            talk,
            rows: rows(talk),
        }
    }

    pub(super) fn talk(&self) -> &Talk {
        self.talk
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn row(&self, step: Step, workload: Workload) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.step == step && row.workload == workload)
    }

    /// Requests a second by version and load, and what each step multiplied them by.
    fn rates(&self, reader: Reader<'_>) -> Grid {
        let mut head = vec!["requests/sec".to_owned()];
        head.extend(Workload::ALL.map(|workload| workload.title(self.talk.files_per_page)));
        if let Reader::Page(peers) = reader {
            head.push("talk of 2007".to_owned());
            head.extend(peers.map(|_| "its stack today, pages/s".to_owned()));
        }
        let line = |(step, shown): (Step, Shown)| {
            let mut cells = vec![match (shown, reader) {
                (Shown::First, _) => step.title(),
                (Shown::Again, Reader::Terminal) => format!("{}, once more", step.title()),
                (Shown::Again, Reader::Page(_)) => format!("*{}, once more*", step.title()),
            }];
            cells.extend(Workload::ALL.map(|workload| {
                let row = self
                    .row(step, workload)
                    .filter(|_| shown == Shown::First || workload == Workload::Page);
                row.map(|row| rate_cell(row, shown, reader))
                    .unwrap_or_default()
            }));
            if let Reader::Page(peers) = reader {
                let first = shown == Shown::First;
                let talk = baselines::talk_of_2007(step);
                cells.push(if first { talk } else { "" }.to_owned());
                cells.extend(peers.map(|peers| {
                    if first {
                        peers.cell(step)
                    } else {
                        String::new()
                    }
                }));
            }
            cells
        };
        let mut rows: Vec<Vec<String>> = ROWS.map(line).into();
        // An empty row separates the last version from the steps without and with its index.
        rows.insert(4, vec![]);
        Grid { head, rows }
    }

    /// Mean times of a request.
    fn times(&self) -> Grid {
        let mut head = vec!["average request time, ms".to_owned()];
        head.extend(Workload::ALL.map(|workload| workload.title(self.talk.files_per_page)));
        self.by_step(head, |step| {
            let cells = Workload::ALL.map(|workload| {
                let row = self.row(step, workload);
                row.map(|row| ms(row.average_request_ms.median))
                    .unwrap_or_default()
            });
            cells.into()
        })
    }

    /// CPU of a page by tier, and the page rate by three methods.
    fn cpu(&self) -> Grid {
        let head = [
            "CPU of a page, ms",
            "PostgreSQL",
            "nginx",
            "app",
            "memcached",
            "generator",
            "by hand",
            "measured",
            "wrk",
        ];
        self.by_step(head.map(str::to_owned).into(), |step| {
            let Some(row) = self.row(step, Workload::Page) else {
                return vec![];
            };
            let Cpu {
                postgres_ms,
                nginx_ms,
                app_ms,
                memcached_ms,
                generator_ms,
            } = row.cpu;
            let tiers = [postgres_ms, nginx_ms, app_ms, memcached_ms, generator_ms];
            let mut cells: Vec<String> = tiers
                .iter()
                .map(|tier| {
                    if *tier > 0.0 {
                        ms(*tier)
                    } else {
                        "-".to_owned()
                    }
                })
                .collect();
            cells.push(rate(row.by_hand_per_sec));
            cells.push(rate(row.units_per_sec.median));
            cells.push(row.wrk_per_sec.map_or_else(|| "-".to_owned(), rate));
            cells
        })
    }

    /// How many requests for files reached the app.
    fn files(&self) -> Grid {
        let workloads = [Workload::PageAndFiles, Workload::Files, Workload::Pictures];
        let mut head = vec!["files that the app saw".to_owned()];
        head.extend(workloads.map(|workload| workload.title(self.talk.files_per_page)));
        self.by_step(head, |step| {
            let cells = workloads.map(|workload| {
                let files = self.row(step, workload).map(|row| row.files);
                let files = files.filter(|files| files.asked > 0);
                files
                    .map(|files| {
                        let share = 100.0 * files.app as f64 / files.asked as f64;
                        format!("{share:.1} % of {}", count(files.asked))
                    })
                    .unwrap_or_default()
            });
            cells.into()
        })
    }

    /// A row for each step that has a cell with text.
    fn by_step(&self, head: Vec<String>, cells: impl Fn(Step) -> Vec<String>) -> Grid {
        let rows = Step::ALL.into_iter().filter_map(|step| {
            let cells = cells(step);
            let said = cells.iter().any(|cell| !cell.is_empty());
            said.then(|| [vec![step.short()], cells].concat())
        });
        Grid {
            head,
            rows: rows.collect(),
        }
    }

    /// Every doubt, with its step and workload.
    pub(super) fn doubts(&self) -> Vec<String> {
        let files = self.talk.files_per_page;
        let rows = self.rows.iter();
        rows.flat_map(|row| {
            let about = format!("{}, {}", row.step.title(), row.workload.title(files));
            let doubts = row.doubts.iter();
            doubts.map(move |doubt| format!("{about}: {doubt}"))
        })
        .collect()
    }

    /// The effect of each step, where there are enough rounds.
    pub(super) fn effects(&self) -> Vec<Dot> {
        let files = self.talk.files_per_page;
        let judged = |row: &Row| {
            Some(Dot {
                name: format!("{}, {}", row.step.short(), row.workload.title(files)),
                effect: row.effect.clone()?,
            })
        };
        self.rows.iter().filter_map(judged).collect()
    }

    /// The same in words.
    pub(super) fn effects_said(&self) -> Vec<String> {
        self.effects_with(": ")
    }

    fn effects_with(&self, between: &str) -> Vec<String> {
        let dots = self.effects().into_iter();
        dots.map(|dot| format!("{}{between}{:#}", dot.name, dot.effect))
            .collect()
    }

    fn judged(&self) -> String {
        let effects = self.effects_said().join("\n- ");
        match effects.is_empty() {
            true => effects,
            false => format!(
                " What can be said of them, with their 95 % intervals over rounds (how far the same is from itself was not measured):\n\n- {effects}\n"
            ),
        }
    }

    /// All tables for a terminal, at most 100 columns wide.
    pub fn text(&self) -> String {
        let grids = [self.rates(Reader::Terminal), self.cpu(), self.files()];
        let mut text = grids.map(|grid| grid.text()).join("\n");
        let effects = self.effects_with("\n    ").join("\n  ");
        if !effects.is_empty() {
            text.push_str(&format!(
                "\nWhat can be said of the factors, with their 95 % intervals over rounds (how far the same is from\nitself was not measured):\n\n  {effects}\n"
            ));
        }
        text
    }

    /// The first table for the HTML page.
    pub(super) fn first_screen_grid(&self, peers: Option<&Baselines>) -> Grid {
        let mut grid = self.rates(Reader::Page(peers));
        // HTML has no use for the marks of Markdown: stars around an italic name, and escaped stars.
        for cell in grid.rows.iter_mut().flatten() {
            let slanted = cell
                .strip_prefix('*')
                .and_then(|name| name.strip_suffix('*'));
            *cell = slanted.unwrap_or(cell).replace('\\', "");
        }
        grid
    }

    /// The table in the README.
    pub fn first_screen(&self, peers: Option<&Baselines>) -> String {
        self.rates(Reader::Page(peers)).markdown()
    }

    /// The page for docs/results.
    pub fn markdown(&self, peers: Option<&Baselines>) -> String {
        let talk = self.talk;
        let data = talk.data;
        let short = if talk.quick {
            "\n**This is the short form: it shows that everything works, its numbers mean little.**\n"
        } else {
            ""
        };
        let stack = match peers {
            Some(_) => {
                " \"Its stack today\" is nginx, CherryPy and psycopg2 on this machine and data, pages/s \
                of the page alone ([peers.md](peers.md))."
            }
            None => "",
        };
        let rounds = match talk.rounds.len() {
            1 => String::new(),
            rounds => format!(
                " The whole ladder was run {rounds} times: figures are medians, factors medians of those \
                 within a round, with their ranges.{}",
                self.judged()
            ),
        };
        let doubts = match self.doubts() {
            doubts if doubts.is_empty() => "None.\n".to_owned(),
            doubts => doubts.iter().map(|doubt| format!("- {doubt}\n")).collect(),
        };
        format!(
            "# The talk, measured\n\
             \n\
             Made by `{command}`; every number is in talk.json beside this page.\n\
             {short}\n\
             {rates}\n\
             Factors are over the version before; without its index over 0.1, again over 0.4. The page: \
             photostreams of people drawn uniformly at random out of {users} with {photos} photos (seed \
             {seed}), HTML alone, uncompressed. A page has {files} static files, the same for all pages; \
             pictures are those of popular pages by Zipf's law, already made. Each figure is of {seconds} s, \
             after a warm-up, by one thread that shares the cores with what it measures; before it was timed \
             each version answered like the first, byte by byte.{rounds}\n\
             \n\
             {talks}{stack}\n\
             \n\
             {times}\n\
             {cpu}\n\
             By hand: so many pages a second can {cores} cores make, when one costs that much CPU in all. \
             No counter has what the programs of 0.1 use, which end with their request: it is estimated \
             as what else the machine did meanwhile.\n\
             \n\
             {seen}\n\
             ## In doubt (*)\n\
             \n\
             {doubts}\n\
             ## Where\n\
             \n\
             {machine}; flickr-killr {version}.\n",
            command = talk.command,
            rates = self.first_screen(peers),
            users = count(data.users.into()),
            photos = count(data.photos.into()),
            seed = data.seed,
            files = talk.files_per_page,
            seconds = talk.seconds,
            talks = baselines::TALKS,
            times = self.times().markdown(),
            cpu = self.cpu().markdown(),
            cores = talk.machine.cores,
            seen = self.files().markdown(),
            machine = talk.machine.line(),
            version = talk.machine.flickr_killr,
        )
    }
}

/// A rate, a mark if it is in doubt, and the factor.
fn rate_cell(row: &Row, shown: Shown, reader: Reader<'_>) -> String {
    let mark = match (row.doubts.is_empty(), reader) {
        (true, _) => "",
        (false, Reader::Terminal) => "*",
        (false, Reader::Page(_)) => "\\*",
    };
    let mut cell = format!("{}{mark}", rate(row.requests_per_sec.median));
    if let Some(Middle { median, low, high }) = row.factor.filter(|_| shown == Shown::First) {
        cell += &format!(" {}", factor(median));
        if matches!(reader, Reader::Page(_)) && low < high {
            cell += &format!(" ({} to {})", factor(low), factor(high));
        }
    }
    cell
}
