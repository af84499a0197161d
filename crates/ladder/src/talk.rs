//! Runs the talk: each version with its fault and its remedy, measured; then the last one without its index.

use std::time::Duration;

use anyhow::{Result, bail};
use db::schema::{self, DatabaseState};
use db::userid_index::{self, Done};
use db::{people, pool};
use domain::Cursor;
use domain::rung::Rung;
use domain::urls;
use stack::supervisor::{Running, StateDir};

use super::baselines::Baselines;
use super::conformance::Expected;
use super::index::{self, block_on};
use super::interrupt::Interrupt;
use super::machine::Machine;
use super::measure::Bench;
use super::numbers::rate;
use super::options::Options;
use super::record::{Data, Measured, SCHEMA, Step, Talk};
use super::screen::Screen;
use super::site::Site;
use super::story::{picture, story};
use super::tables::Tables;
use super::workload::{Lists, Workload};
use super::{output, terminal};
use crate::lab;

/// How long one visit of the popular pages may take: the first one makes their pictures.
const WARMING_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs the talk from the first version to the last table.
///
/// # Errors
///
/// When a site runs in that directory already, when a version cannot be started, answers unlike the first or ends by
/// itself, and on an interrupt. Then too everything is stopped and the userid index exists.
pub fn run(options: &Options) -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let peers = Baselines::read(&options.peers)?;
    refuse_a_running_site(options)?;
    let mut ladder = Ladder {
        options,
        interrupt: &interrupt,
        screen: Screen::new(),
        index_gone: false,
    };
    let result = ladder.run();
    if ladder.index_gone {
        index::put_back(options)?;
    }
    let talk = result?;
    ladder.end(&talk, peers.as_ref())
}

/// Each version needs the state directory for itself.
fn refuse_a_running_site(options: &Options) -> Result<()> {
    let state = StateDir::find(&options.state_dir)?;
    if Running::read(&state)?.is_some_and(|running| running.is_alive()) {
        bail!(
            "a site runs in {} already, and the talk starts each version itself; stop it first: \
             `flickr-killr stop`",
            state.path().display()
        );
    }
    Ok(())
}

struct Ladder<'a> {
    options: &'a Options,
    interrupt: &'a Interrupt,
    screen: Screen,
    /// Whether the index was dropped and is not known to be restored.
    index_gone: bool,
}

/// What is prepared before the first version.
struct Prepared {
    lists: Lists,
    machine: Machine,
    data: Data,
}

impl Ladder<'_> {
    fn run(&mut self) -> Result<Talk> {
        let options = self.options;
        let Prepared {
            lists,
            machine,
            data,
        } = self.prepare()?;
        let bench = Bench {
            lists: &lists,
            duration: options.duration(),
            interrupt: self.interrupt,
            wrk: options.asks_wrk() && machine.wrk.is_some(),
        };
        let mut rounds = Vec::new();
        let mut expected = None;
        for round in 1..=options.rounds {
            if options.rounds > 1 {
                self.screen
                    .heading(&format!("Round {round} of {}", options.rounds));
            }
            let mut measured = Vec::new();
            for rung in Rung::ALL {
                self.version(rung, &bench, &mut expected, &mut measured)?;
            }
            rounds.push(measured);
        }
        Ok(Talk {
            schema: SCHEMA,
            command: options.command(),
            machine,
            data,
            files_per_page: lists.files.len(),
            seconds: bench.duration.as_secs_f64(),
            quick: options.quick,
            rounds,
        })
    }

    /// Loads the data if there is none, chooses the people to visit, and makes the pictures of popular pages.
    fn prepare(&mut self) -> Result<Prepared> {
        let options = self.options;
        self.screen.heading("Flickr Killr, the talk");
        self.screen.paragraph(
            "One small photo site in four versions. Each is started as a person would start it, \
             checked against the first, measured, and stopped again.",
        );
        self.screen.line("");
        let site = Site::start(options, Rung::CacheMoney, self.interrupt, |line| {
            // The first start loads the database, which takes so long that progress is printed.
            if let Some((_, said)) = line.split_once(" | ")
                && ["making", "loaded"]
                    .iter()
                    .any(|word| said.starts_with(word))
            {
                self.screen.paragraph(said);
            }
        })?;
        let work = self.screen.spinner("choosing the people to visit");
        let (machine, data, names) = block_on(async {
            let db = pool::open(&site.running.database_url, 2)?;
            let made = index::ensure(&db).await?;
            if !made.is_empty() {
                let made = index::described(&made);
                self.screen
                    .line(&format!("the userid index was missing: {made}"));
            }
            let DatabaseState::Ready {
                demo: Some(contents),
            } = schema::inspect(&db).await?
            else {
                bail!("the database is not loaded");
            };
            let machine = Machine::look(&db).await?;
            let names = people::drawn_names(&db, options.people(), options.seed).await?;
            db.close().await;
            let data = Data {
                users: contents.users,
                photos: contents.photos,
                seed: contents.seed,
            };
            Ok((machine, data, names))
        })?;
        let names = names.iter();
        let paths = names.map(|name| urls::person(name, Cursor::Newest));
        let lists = Lists::read(
            site.running.listen,
            paths.collect(),
            options.popular(),
            options.seed,
        )?;
        work.at("drawing the pictures of popular pages");
        self.warm(&site, &lists)?;
        drop(work);
        site.stop()?;
        self.screen.paragraph(&machine.line());
        self.screen.line(&format!(
            "{} people, {} photos, seed {}; a page has {} static files",
            rate(data.users.into()),
            rate(data.photos.into()),
            data.seed,
            lists.files.len()
        ));
        if options.asks_wrk() && machine.wrk.is_none() {
            self.screen
                .line("wrk is not installed: there is no second measurement");
        }
        Ok(Prepared {
            lists,
            machine,
            data,
        })
    }

    /// Visits the popular pages once, with all they refer to.
    fn warm(&self, site: &Site, lists: &Lists) -> Result<()> {
        let plan = lists.warming(site.running.listen, WARMING_TIMEOUT)?;
        let report = benchmarker::run(&plan.stop_when(self.interrupt.word()))?;
        self.interrupt.check()?;
        if report.errors.total > 0 {
            bail!(
                "version {} failed to answer {} requests for popular pages:\n{report}",
                site.rung,
                report.errors.total
            );
        }
        Ok(())
    }

    /// Runs one version: prints its story, checks it and measures it; then the last one without its index.
    fn version(
        &mut self,
        rung: Rung,
        bench: &Bench<'_>,
        expected: &mut Option<Expected>,
        measured: &mut Vec<Measured>,
    ) -> Result<()> {
        let step = Step::Version(rung);
        self.open(step);
        let work = self.screen.spinner("starting");
        let mut site = Site::start(self.options, rung, self.interrupt, |_| ())?;
        work.at("comparing pages with the first version");
        match expected {
            None => *expected = Some(Expected::of(site.running.listen, bench.lists)?),
            Some(expected) => expected.check(site.running.listen, rung.version())?,
        }
        work.at("visiting popular pages once");
        self.warm(&site, bench.lists)?;
        drop(work);
        for workload in Workload::ALL {
            self.figure(&mut site, bench, step, workload, measured)?;
        }
        self.close(step, bench, measured, expected.as_ref());
        if rung == Rung::CacheMoney {
            self.without_index(&mut site, bench, measured)?;
        }
        site.stop()
    }

    /// Drops the index, measures, creates it, measures. The index is created also after an error.
    fn without_index(
        &mut self,
        site: &mut Site,
        bench: &Bench<'_>,
        measured: &mut Vec<Measured>,
    ) -> Result<()> {
        self.open(Step::WithoutIndex);
        let url = site.running.database_url.clone();
        self.index_gone = true;
        let fallen = self
            .change_index(&url, "dropping the userid index", lab::drop)
            .and_then(|()| self.figure(site, bench, Step::WithoutIndex, Workload::Page, measured));
        if fallen.is_ok() {
            self.close(Step::WithoutIndex, bench, measured, None);
            self.open(Step::IndexAgain);
        }
        let restored = self.change_index(&url, "creating the userid index", lab::create);
        self.index_gone = restored.is_err();
        fallen?;
        restored?;
        self.figure(site, bench, Step::IndexAgain, Workload::Page, measured)?;
        self.close(Step::IndexAgain, bench, measured, None);
        Ok(())
    }

    fn change_index<F>(&self, url: &str, what: &str, change: F) -> Result<()>
    where
        F: AsyncFnOnce(&db::Pool) -> Result<Vec<Done>, userid_index::Error>,
    {
        let work = self.screen.spinner(what);
        let done = block_on(async {
            let db = pool::open(url, 2)?;
            let done = change(&db).await?;
            db.close().await;
            Ok(done)
        })?;
        drop(work);
        self.screen.line(&format!("  {}", index::described(&done)));
        Ok(())
    }

    /// Measures one figure and prints it.
    fn figure(
        &self,
        site: &mut Site,
        bench: &Bench<'_>,
        step: Step,
        workload: Workload,
        measured: &mut Vec<Measured>,
    ) -> Result<()> {
        let title = workload.title(bench.lists.files.len());
        let work = self.screen.spinner(&format!("measuring {title}"));
        let figure = bench.measure(site, step, workload)?;
        drop(work);
        self.screen
            .line(&terminal::figure(&title, &figure, measured));
        measured.push(figure);
        Ok(())
    }

    fn open(&self, step: Step) {
        self.screen.heading(&step.title());
        if let Step::Version(rung) = step {
            self.screen.line(picture(rung));
        }
        for sentence in story(step) {
            self.screen.paragraph(sentence);
        }
    }

    fn close(
        &self,
        step: Step,
        bench: &Bench<'_>,
        measured: &[Measured],
        expected: Option<&Expected>,
    ) {
        let figures: Vec<&Measured> = measured.iter().filter(|one| one.step == step).collect();
        for (name, text) in terminal::details(&figures, bench.lists.files.len(), expected) {
            self.screen.detail(name, &text);
        }
    }

    /// Prints the table and writes the files.
    fn end(&self, talk: &Talk, peers: Option<&Baselines>) -> Result<()> {
        let tables = Tables::of(talk);
        self.screen.heading("The table");
        self.screen.line(&tables.text());
        let doubts = tables.doubts();
        if !doubts.is_empty() {
            self.screen.line("* marks a figure that is in doubt:");
            doubts
                .iter()
                .for_each(|doubt| self.screen.detail("", doubt));
        }
        output::write(self.options, &tables, peers, |file| {
            self.screen.line(&format!("written: {}", file.display()));
        })
    }
}
