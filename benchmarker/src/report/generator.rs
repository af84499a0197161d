//! The generator's configuration and cost, and its machine.

use std::fs;

use serde::{Deserialize, Serialize};

/// Above this share of busy time the generator itself may be the limit.
const BUSY_MAX: f64 = 0.9;

/// The generator's configuration and cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Generator {
    /// CPU time of its threads while measuring.
    pub cpu_secs: f64,
    /// The same for each request that was answered, with any status.
    pub cpu_us_per_request: f64,
    /// The share of the time that its threads were busy.
    pub busy: f64,
    /// How many requests a second it reaches against a server that does nothing, where that was
    /// measured.
    pub ceiling_per_sec: Option<f64>,
    /// How many threads it has.
    pub threads: usize,
    /// How many connections they share.
    pub connections: usize,
    /// How many browsers share the connections.
    pub browsers: usize,
    /// The seed of every random choice.
    pub seed: u64,
}

impl Generator {
    /// Whether it was busy nearly all the time, and so may be the limit instead of the server.
    #[must_use]
    pub fn is_the_limit(&self) -> bool {
        self.busy > BUSY_MAX
    }
}

/// The machine of the generator; fields are empty where the system has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Name and release of the kernel.
    pub kernel: String,
    /// How many cores the generator could use.
    pub cores: u64,
    /// The model of the processor, as the kernel names it.
    pub cpu_model: String,
}

impl Machine {
    /// This machine, as far as /proc describes it.
    pub(super) fn this() -> Self {
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
            cpu_model: model.map(|(_, model)| model.to_owned()).unwrap_or_default(),
        }
    }
}
