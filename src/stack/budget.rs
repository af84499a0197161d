//! What a site will use of the machine, and whether the machine has it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use nix::sys::statvfs::statvfs;

use super::plan::Plan;
use super::postgres::Postgres;
use super::state::{StateDir, disk_bytes};
use crate::rung::Files;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Disk the demo data takes in PostgreSQL: rows of a photo with its tags, comments and favourites,
/// and everything else, with indexes and room to build them.
const BYTES_PER_PHOTO: u64 = 1_600;
const BYTES_PER_USER: u64 = 8_000;

/// Disk that an empty cluster, logs and this program take.
const BYTES_ANYWAY: u64 = 300 * MIB;

/// The most that PostgreSQL's log may grow between two checkpoints, so that loading never waits.
const WAL_MB_MAX: u64 = 8 << 10;

/// Memory of one app process while it draws.
const APP_BYTES: u64 = 120 * MIB;

/// Memory of nginx and of PostgreSQL beside its buffers.
const BESIDE_BYTES: u64 = 200 * MIB;

/// PostgreSQL's memory, fit to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) shared_buffers_mb: u64,
    pub(super) cache_mb: u64,
    pub(super) maintenance_mb: u64,
}

impl Memory {
    /// An eighth of the memory for PostgreSQL's own buffers, up to what the whole demo set fills;
    /// the kernel keeps the rest of the files better than it does.
    fn of_machine(total_bytes: u64) -> Self {
        let mb = total_bytes / MIB;
        Self {
            shared_buffers_mb: (mb / 8).clamp(64, 2048),
            cache_mb: (mb / 2).max(256),
            maintenance_mb: (mb / 16).clamp(64, 512),
        }
    }
}

/// What the site will use, found to be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) memory: Memory,
    pub(super) wal_mb: u64,
}

impl Budget {
    /// Compares what the plan needs with what is free, and says both.
    pub(super) fn check(plan: &Plan, state: &StateDir, say: impl Fn(&str)) -> Result<Self> {
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
        let mut parts = vec![format!("{processes} app processes at work at once")];
        for (bytes, what) in [(cache, "memcached"), (buffers, "PostgreSQL buffers")] {
            if bytes > 0 {
                parts.push(format!("{} {what}", size(bytes)));
            }
        }
        say(&format!(
            "will use up to {} of memory ({} is free): {}",
            size(needed),
            size(machine.available),
            parts.join(", ")
        ));
        if needed > machine.available {
            bail!(
                "too little memory: {} needed, {} free; say smaller --memcached-mb or --workers",
                size(needed),
                size(machine.available)
            );
        }

        let made = Postgres::is_made(&state.cluster());
        let database = if own_database && !made {
            u64::from(plan.photos) * BYTES_PER_PHOTO + u64::from(plan.users) * BYTES_PER_USER
        } else {
            0
        };
        let pictures = disk_bytes(&state.derivatives());
        let pictures = plan.derivatives_max_bytes.saturating_sub(pictures);
        let needed = database + pictures + BYTES_ANYWAY;
        let free = free_disk(state.path())?;
        say(&format!(
            "will use up to {} more of disk ({} is free): {} database, {} pictures made from \
             originals, in {}",
            size(needed),
            size(free),
            size(database),
            size(pictures),
            state.path().display(),
        ));
        if needed > free {
            bail!(
                "too little disk in {}: {} needed, {} free; say smaller --derivatives-gb, \
                 --photos or --users, or another --state-dir",
                state.path().display(),
                size(needed),
                size(free)
            );
        }
        let wal_mb = ((free - needed) / MIB / 2).clamp(256, WAL_MB_MAX);
        Ok(Self { memory, wal_mb })
    }
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    if bytes >= GIB {
        format!("{:.1} GiB", bytes as f64 / GIB as f64)
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}

fn free_disk(dir: &Path) -> Result<u64> {
    let disk =
        statvfs(dir).with_context(|| format!("cannot tell the disk of {}", dir.display()))?;
    Ok(disk.blocks_available() * disk.fragment_size())
}

struct MachineMemory {
    total: u64,
    available: u64,
}

fn machine_memory() -> Result<MachineMemory> {
    let text = std::fs::read_to_string("/proc/meminfo").context("cannot tell the memory")?;
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
        _ => bail!("cannot tell how much memory this machine has"),
    }
}

/// The limit of the container we run in; what the whole machine has does not help there.
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
