//! How much memory the control groups of this process allow it: those of a container, or of a service's `MemoryMax`.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Controller of the hierarchy (version 2 has one for all and names none), where it is mounted, and the file in each of
/// its groups that has the limit. Some systems have both versions.
const HIERARCHIES: [(&str, &str, &str); 3] = [
    ("", "sys/fs/cgroup", "memory.max"),
    ("", "sys/fs/cgroup/unified", "memory.max"),
    ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];

/// The least that the process's group, or a group around it, may have. `root` is `/`, but for tests.
pub(super) fn memory_limit(root: &Path) -> Option<usize> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = HIERARCHIES.iter().filter_map(|(controller, mount, file)| {
        let mount = root.join(mount);
        let group = mount.join(group_in(&groups, controller));
        let around = group.ancestors().take_while(|dir| dir.starts_with(&mount));
        // Without a limit it says `max`. A group that is not mounted here belongs to the system outside of a container.
        let limits = around.filter_map(|dir| {
            let text = fs::read_to_string(dir.join(file)).ok()?;
            text.trim().parse().ok()
        });
        limits.min()
    });
    limits.min()
}

/// The group of the process below the mount. A line is `4:cpu,memory:/path`.
fn group_in(groups: &str, controller: &str) -> PathBuf {
    let of_line = |line: &str| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let is_it = controllers.split(',').any(|one| one == controller);
        is_it.then(|| path.to_owned())
    };
    let path = groups.lines().find_map(of_line).unwrap_or_default();
    // A group outside of the own namespace begins with `/..`.
    let parts = Path::new(&path).components();
    parts
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root directory with these files.
    fn limit_with(files: &[(&str, &str)]) -> Option<usize> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory_limit(root.path())
    }

    #[test]
    fn the_least_limit_on_the_way_up_counts() {
        let own = ("proc/self/cgroup", "0::/system.slice/fanlight.service\n");
        let service = "sys/fs/cgroup/system.slice/fanlight.service/memory.max";
        let slice = "sys/fs/cgroup/system.slice/memory.max";
        assert_eq!(
            limit_with(&[own, (service, "700\n"), (slice, "max\n")]),
            Some(700)
        );
        assert_eq!(
            limit_with(&[own, (service, "700\n"), (slice, "600\n")]),
            Some(600)
        );
        assert_eq!(
            limit_with(&[own, (service, "max\n"), (slice, "max\n")]),
            None
        );
        // Another service's limit is none of ours.
        let other = "sys/fs/cgroup/system.slice/other.service/memory.max";
        assert_eq!(limit_with(&[own, (other, "1\n")]), None);
    }

    #[test]
    fn a_container_sees_its_limit_at_the_root() {
        let limit = ("sys/fs/cgroup/memory.max", "500\n");
        assert_eq!(limit_with(&[limit]), Some(500));
        for own in [
            "0::/\n",
            "0::/../../elsewhere\n",
            "0::/docker/not-mounted\n",
        ] {
            assert_eq!(
                limit_with(&[("proc/self/cgroup", own), limit]),
                Some(500),
                "{own}"
            );
        }
    }

    #[test]
    fn version_1_has_a_hierarchy_for_memory() {
        let own = (
            "proc/self/cgroup",
            "5:cpu,cpuacct:/a\n4:memory:/b/c\n0::/d\n",
        );
        let memory = "sys/fs/cgroup/memory/b/memory.limit_in_bytes";
        let cpu = "sys/fs/cgroup/memory/a/memory.limit_in_bytes";
        assert_eq!(
            limit_with(&[own, (memory, "900\n"), (cpu, "1\n")]),
            Some(900)
        );
        let both = ("sys/fs/cgroup/unified/d/memory.max", "800\n");
        assert_eq!(limit_with(&[own, (memory, "900\n"), both]), Some(800));
    }

    #[test]
    fn without_control_groups_nothing_limits() {
        assert_eq!(limit_with(&[]), None);
    }
}
