//! Randomness as a value: the shell gives 32 bytes of the kernel's once, the simulator a seed.

use sha2::{Digest as _, Sha256};

use crate::domain::ids::Nonce;

/// SHA-256 in counter mode over a secret start value.
#[derive(Debug, Clone)]
pub(super) struct Entropy {
    start: [u8; 32],
    drawn: u64,
}

impl Entropy {
    /// Begins from 32 random bytes; the same bytes give the same sequence.
    pub(super) fn new(start: [u8; 32]) -> Self {
        Self { start, drawn: 0 }
    }

    fn bytes(&mut self) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(self.start);
        hash.update(self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        let mut out = [0; 8];
        for (to, from) in out.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        out
    }

    /// A nonce or a connection id.
    pub(super) fn nonce(&mut self) -> Nonce {
        Nonce(self.bytes())
    }

    /// Evenly in `low..=high`; `low` if the range is empty.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        let random = u64::from_be_bytes(self.bytes());
        match high.saturating_sub(low).checked_add(1) {
            Some(width) => low.saturating_add(random % width),
            None => random,
        }
    }
}
