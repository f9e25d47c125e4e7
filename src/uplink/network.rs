//! Whether the box's own link or address changed: then it is worth trying again at once, instead of
//! waiting out a delay that belonged to the network of before.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Tables of the kernel that change with a link or an address. Their counters do not stand in them.
const TABLES: [&str; 3] = [
    "/proc/net/route",
    "/proc/net/fib_trie",
    "/proc/net/if_inet6",
];

/// Compares the kernel's tables with those of the last look.
#[derive(Debug, Default)]
pub(super) struct Network {
    last: Option<u64>,
}

impl Network {
    /// Whether they differ from the last look; the first look tells nothing.
    pub(super) fn changed(&mut self) -> bool {
        let mut hasher = DefaultHasher::new();
        for table in TABLES {
            // A kernel without IPv6 has one table less.
            std::fs::read(table).unwrap_or_default().hash(&mut hasher);
        }
        let now = hasher.finish();
        let before = self.last.replace(now);
        before.is_some_and(|before| before != now)
    }
}
