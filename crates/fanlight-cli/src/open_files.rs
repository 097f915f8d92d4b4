//! How many files the system lets the server have open: connections and the store's files share that number, and
//! connections must not take it all.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files of the store, the catalog and the log, generously.
const FOR_THE_STORE: u64 = 512;

/// Asks the system for as many open files as it gives, since its usual limit is older than servers like this one.
/// Answers how many of `connections` fit beside the files of the store.
pub(crate) fn leave_room(connections: usize) -> usize {
    let limits = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limits.maximum,
        maximum: limits.maximum,
    };
    let files = match setrlimit(Resource::Nofile, most) {
        Ok(()) => limits.maximum,
        Err(_) => limits.current,
    };
    let fitting = fitting(connections, files);
    if fitting < connections {
        tracing::warn!(
            "the system allows {} open files; `max_connections` is lowered from {connections} to {fitting}",
            files.unwrap_or(u64::MAX)
        );
    }
    fitting
}

/// `None` is no limit. With very few files the store and the connections get half of them each.
fn fitting(connections: usize, files: Option<u64>) -> usize {
    let Some(files) = files else {
        return connections;
    };
    let left = files.saturating_sub(FOR_THE_STORE).max(files / 2).max(1);
    connections.min(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_the_store() {
        assert_eq!(fitting(4096, None), 4096);
        assert_eq!(fitting(4096, Some(1 << 20)), 4096);
        assert_eq!(fitting(4096, Some(1024)), 512);
        assert_eq!(fitting(100, Some(1024)), 100);
        assert_eq!(fitting(4096, Some(256)), 128);
    }
}
