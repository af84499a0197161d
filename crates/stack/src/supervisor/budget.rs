//! Compares what a site will use of memory and disk with what the machine has.

use anyhow::{Context as _, Result, bail};
use domain::rung::Files;
use images::disk::{BALLAST_BYTES, Reading};
use images::{LARGE_MEMORY_BYTES, MEMORY_BYTES};

use super::disk_space::size;
use super::plan::Plan;
use super::postgres::{Memory, Postgres};
use super::state::{StateDir, disk_bytes};

const MIB: u64 = 1 << 20;

/// Disk space of the demo data in PostgreSQL: the rows of a photo with its tags, comments and favourites, and those of
/// a user, with indexes and the space to build them.
const BYTES_PER_PHOTO: u64 = 1_600;
const BYTES_PER_USER: u64 = 8_000;

/// Disk space of an empty cluster, the logs and this program.
const BYTES_ANYWAY: u64 = 300 * MIB;

/// The largest size of PostgreSQL's log between two checkpoints while a new database is loaded: loading never waits.
const WAL_MB_MAX_LOADING: u64 = 8 << 10;

/// Its largest size otherwise: some minutes of any load but a bulk load.
const WAL_MB_MAX: u64 = 1 << 10;

/// Its smallest limit: below it, checkpoints would follow each other.
const WAL_MB_LEAST: u64 = 256;

/// The most memory of one app process without large pictures: the process (25 MiB), two passwords being hashed (38
/// MiB), 32 uploads being received (half a MiB each), and pictures.
const APP_BYTES: u64 = 80 * MIB + MEMORY_BYTES;

/// Memory of nginx and of PostgreSQL besides its buffers.
const BESIDE_BYTES: u64 = 200 * MIB;

/// The resources of the site, checked to be available.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) memory: Memory,
    pub(super) wal_mb: u64,
}

impl Budget {
    /// Compares what the plan needs with what is free, and prints both.
    ///
    /// Too little memory, or too little disk for a first start, is an error. An existing site starts on a nearly full
    /// disk with a warning: the levels of `images::disk` decide what it stops doing.
    pub(super) fn check(plan: &Plan, state: &StateDir, report: impl Fn(&str)) -> Result<Self> {
        let machine = machine_memory()?;
        let memory = Memory::of_machine(machine.total);
        let own_database = plan.database_url.is_none();

        let buffers = if own_database {
            memory.shared_buffers_mb * MIB
        } else {
            0
        };
        let cache = match plan.rung.files() {
            Files::Memcached => u64::from(plan.memcached_mb) * MIB,
            Files::FrontFromDisk | Files::AppFromDisk => 0,
        };
        let processes = match plan.programs() {
            0 => plan.app_processes,
            programs => plan.lasting_processes() + programs,
        };
        let needed = cache + processes as u64 * APP_BYTES + buffers + BESIDE_BYTES;
        let mut parts = vec![format!("{processes} app processes working at once")];
        for (bytes, what) in [(cache, "memcached"), (buffers, "PostgreSQL buffers")] {
            if bytes > 0 {
                parts.push(format!("{} {what}", size(bytes)));
            }
        }
        report(&format!(
            "will use up to {} of memory ({} is free): {}; up to {} more while pictures of 100 megapixels are \
             uploaded",
            size(needed),
            size(machine.available),
            parts.join(", "),
            size(LARGE_MEMORY_BYTES),
        ));
        if needed > machine.available {
            bail!(
                "too little memory: {} needed, {} free; set a smaller --memcached-mb or --workers",
                size(needed),
                size(machine.available)
            );
        }
        if needed + LARGE_MEMORY_BYTES > machine.available {
            report(
                "!! little memory: uploads of very large pictures may end a process of this site",
            );
        }

        let wal_mb = disk(plan, state, own_database, report)?;
        Ok(Self { memory, wal_mb })
    }
}

/// Compares the disk; returns how large PostgreSQL's log may grow, in MiB.
fn disk(plan: &Plan, state: &StateDir, own_database: bool, report: impl Fn(&str)) -> Result<u64> {
    let place = state.path().display();
    let exists = Postgres::exists(&state.cluster());
    // The copy of this program exists only if an earlier start got that far.
    let is_first = !(exists || !own_database && state.bin().exists());
    let database = if own_database && !exists {
        u64::from(plan.photos) * BYTES_PER_PHOTO + u64::from(plan.users) * BYTES_PER_USER
    } else {
        0
    };
    let pictures = disk_bytes(&state.derivatives());
    let pictures = plan.derivatives_max_bytes.saturating_sub(pictures);
    let anyway = if is_first {
        BYTES_ANYWAY + BALLAST_BYTES
    } else {
        0
    };
    let needed = database + pictures + anyway;
    let reading =
        Reading::of(state.path()).with_context(|| format!("cannot read the disk of {place}"))?;
    let (free, reserve) = (
        reading.available_bytes,
        plan.disk_reserve.bytes(reading.size_bytes),
    );
    report(&format!(
        "will use up to {} more of disk ({} is free): {} database, {} pictures made from \
         originals, in {place}; uploads are refused when less than {} is free",
        size(needed),
        size(free),
        size(database),
        size(pictures),
        size(reserve / 2),
    ));
    if is_first && needed + reserve > free {
        bail!(
            "too little disk in {place}: {} needed and {} to be left free, {} free; set a smaller \
             --derivatives-gb, --photos, --users or --disk-reserve, or another --state-dir",
            size(needed),
            size(reserve),
            size(free)
        );
    }
    if !is_first && free < reserve {
        let what = if free < reserve / 2 {
            "uploads and new accounts are refused"
        } else {
            "pictures made from originals are not kept"
        };
        report(&format!(
            "!! little disk in {place}: {} free, {} should be; {what} until there is more",
            size(free),
            size(reserve)
        ));
    }
    let most = if is_first {
        WAL_MB_MAX_LOADING
    } else {
        WAL_MB_MAX
    };
    let spare = free.saturating_sub(needed + reserve);
    Ok((spare / MIB / 2).clamp(WAL_MB_LEAST, most))
}

struct MachineMemory {
    total: u64,
    available: u64,
}

fn machine_memory() -> Result<MachineMemory> {
    let text = std::fs::read_to_string("/proc/meminfo").context("cannot read /proc/meminfo")?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib << 10)
    };
    match (field("MemTotal:"), field("MemAvailable:")) {
        (Some(total), Some(available)) => {
            let limit = container_limit().unwrap_or(u64::MAX);
            Ok(MachineMemory {
                total: total.min(limit),
                available: available.min(limit),
            })
        }
        _ => bail!("cannot read the memory size from /proc/meminfo"),
    }
}

/// The memory limit of the container, if any; the memory of the whole machine does not count there.
fn container_limit() -> Option<u64> {
    [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .iter()
    .find_map(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn memory_fits_small_and_large_machines() {
        let small = Memory::of_machine(GIB);
        assert_eq!((small.shared_buffers_mb, small.maintenance_mb), (128, 64));
        let large = Memory::of_machine(256 * GIB);
        assert_eq!((large.shared_buffers_mb, large.maintenance_mb), (2048, 512));
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(size(300 * MIB), "300 MiB");
        assert_eq!(size(3 * GIB / 2), "1.5 GiB");
    }
}
