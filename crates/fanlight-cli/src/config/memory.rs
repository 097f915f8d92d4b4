//! How much memory the server may take, and what each part gets of it.

use std::fs;
use std::path::Path;

use super::Settings;
use super::cgroup::memory_limit;

/// Less is not enough to take in one request after the other.
pub(crate) const LEAST_BUDGET: usize = 128 << 20;

/// Where nothing tells how much the machine has.
const UNKNOWN_MACHINE: usize = 4 << 30;

/// A quarter of what the machine has, or of what the container or the service may take.
pub(crate) fn default_budget() -> usize {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_deref().and_then(total_of_meminfo);
    let memory = memory_limit(Path::new("/"))
        .into_iter()
        .chain(machine)
        .min()
        .unwrap_or(UNKNOWN_MACHINE);
    (memory / 4).max(LEAST_BUDGET)
}

/// The line is `MemTotal:       24689864 kB`.
fn total_of_meminfo(text: &str) -> Option<usize> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

impl Settings {
    /// Lowers what takes memory until all of it fits into `budget`.
    ///
    /// Recent traces take about three times their bytes, while they are sealed too; a request takes its body and what
    /// it decodes to; two SQL queries run at one time. The rest is for indexes that are being read and for everything
    /// small.
    pub(crate) fn fit(&mut self, budget: usize) {
        let most = Self::default();
        self.hot_limit_bytes = most.hot_limit_bytes.min(budget / 8);
        self.seal_bytes = most.seal_bytes.min(budget / 16);
        let server = &mut self.server;
        server.max_inflight_bytes = most.server.max_inflight_bytes.min(budget / 8);
        server.max_decompressed_bytes = most.server.max_decompressed_bytes.min(budget / 8);
        server.max_body_bytes = most.server.max_body_bytes.min(budget / 8);
        server.sql.memory_bytes = most.server.sql.memory_bytes.min(budget / 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_budget_lowers_every_part_and_a_large_one_none() {
        let mut settings = Settings::default();
        settings.fit(LEAST_BUDGET);
        assert_eq!(
            (settings.hot_limit_bytes, settings.seal_bytes),
            (16 << 20, 8 << 20)
        );
        assert_eq!(settings.server.max_body_bytes, 16 << 20);
        assert_eq!(settings.server.check(), Ok(()));
        settings.fit(64 << 30);
        assert_eq!(
            format!("{settings:?}"),
            format!("{:?}", Settings::default())
        );
    }

    #[test]
    fn the_machine_says_what_it_has() {
        let text = "MemFree: 1 kB\nMemTotal:       24689864 kB\n";
        assert_eq!(total_of_meminfo(text), Some(24_689_864 * 1024));
        assert!(default_budget() >= LEAST_BUDGET);
    }
}
