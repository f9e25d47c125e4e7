//! Fields of an EPC by their bits, and the same way back.

use crate::domain::epc::Epc;

/// Reads fields one after the other, from the first bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct BitReader<'a> {
    epc: &'a Epc,
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(epc: &'a Epc) -> Self {
        Self { epc, at: 0 }
    }

    /// Bits that were not read yet.
    pub(super) fn left(&self) -> usize {
        usize::from(self.epc.bits()).saturating_sub(self.at)
    }

    /// The next `count` bits, at most 128, as a number; `None` if there are not so many left.
    pub(super) fn take(&mut self, count: usize) -> Option<u128> {
        if count > self.left() || count > 128 {
            return None;
        }
        let mut value = 0;
        for at in self.at..self.at + count {
            let byte = self.epc.bytes().get(at / 8)?;
            value = value << 1 | u128::from(byte >> (7 - at % 8) & 1);
        }
        self.at += count;
        Some(value)
    }

    /// The next `count` bits, at most 8.
    pub(super) fn small(&mut self, count: usize) -> Option<u8> {
        self.take(count).and_then(|value| u8::try_from(value).ok())
    }

    /// Whether all bits that are left are zero.
    pub(super) fn only_zeros_left(mut self) -> bool {
        std::iter::from_fn(|| self.take(1)).all(|bit| bit == 0)
    }
}

/// Writes fields one after the other.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    bits: usize,
}

impl BitWriter {
    /// Appends the lowest `count` bits of a number.
    pub(super) fn put(&mut self, value: u128, count: usize) {
        for at in (0..count).rev() {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> at & 1 == 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.bits % 8);
            }
            self.bits += 1;
        }
    }

    /// The code, filled with zeros to whole words of 16 bits, as a tag stores it; 96 and more.
    pub(super) fn finish(self) -> Option<Epc> {
        let bits = u16::try_from(self.bits.div_ceil(16).max(6) * 16).ok()?;
        Epc::of_bits(&self.bytes, bits).ok()
    }
}
