//! CPU cores: the load generator and the sites must not disturb each other.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Pins this thread and all that it starts from then on.
const THIS: Pid = Pid::from_raw(0);

/// The cores of the sites and memcached, and of the load generator.
pub(crate) struct Cores {
    sites: CpuSet,
    visitors: CpuSet,
}

impl Cores {
    /// All programs on all cores.
    pub(crate) fn shared() -> nix::Result<Self> {
        let all = sched_getaffinity(THIS)?;
        Ok(Self {
            sites: all,
            visitors: all,
        })
    }

    /// The first core for the sites and memcached, the last for the load generator.
    pub(crate) fn apart() -> nix::Result<Self> {
        let all = sched_getaffinity(THIS)?;
        let mut cores = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
        let first = cores.next().unwrap_or(0);
        Ok(Self {
            sites: only(first)?,
            visitors: only(cores.next_back().unwrap_or(first))?,
        })
    }

    pub(crate) fn go_to_sites(&self) -> nix::Result<()> {
        sched_setaffinity(THIS, &self.sites)
    }

    pub(crate) fn go_to_visitors(&self) -> nix::Result<()> {
        sched_setaffinity(THIS, &self.visitors)
    }
}

fn only(core: usize) -> nix::Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(set)
}
