//! What is kept of a message beyond its frame, with its bounds: many small parameters would else
//! become many times their size in memory.

use super::cursor::{Cursor, Param};
use super::custom::{Custom, KeptCustom};
use super::error::{DecodeError, Fault};
use crate::limits::{LLRP_KEPT_MAX_BYTES, LLRP_PARTS_MAX, LLRP_TABLE_MAX};

/// A tally over one message.
#[derive(Debug, Default)]
pub(super) struct Kept {
    parts: usize,
    bytes: usize,
    /// Parameters that are not kept.
    pub(super) skipped: usize,
}

impl Kept {
    /// Keeps a part of a specification or a configuration.
    pub(super) fn part<T>(
        &mut self,
        list: &mut Vec<T>,
        item: T,
        param: Param<'_>,
    ) -> Result<(), DecodeError> {
        self.parts += 1;
        if self.parts > LLRP_PARTS_MAX {
            return Err(too_many(param, LLRP_PARTS_MAX));
        }
        list.push(item);
        Ok(())
    }

    /// Keeps a vendor's parameter as it is.
    pub(super) fn custom(
        &mut self,
        list: &mut Vec<KeptCustom>,
        param: Param<'_>,
    ) -> Result<(), DecodeError> {
        let custom = Custom::of(param)?;
        self.weigh(custom.data.rest().len(), param)?;
        self.part(list, custom.to_kept(), param)
    }

    /// Keeps a list of 16-bit numbers.
    pub(super) fn list(
        &mut self,
        value: &mut Cursor<'_>,
        kind: u16,
    ) -> Result<Vec<u16>, DecodeError> {
        let begin = Param {
            kind,
            value: *value,
        };
        let count = usize::from(value.u16()?);
        self.weigh(2 * count, begin)?;
        (0..count).map(|_| value.u16()).collect()
    }

    fn weigh(&mut self, bytes: usize, param: Param<'_>) -> Result<(), DecodeError> {
        self.bytes += bytes;
        if self.bytes > LLRP_KEPT_MAX_BYTES {
            let (kind, max) = (param.kind, LLRP_KEPT_MAX_BYTES);
            return Err(param.value.fault(Fault::TooLarge { kind, max }));
        }
        Ok(())
    }
}

/// Adds to a table of small entries.
pub(super) fn push<T>(list: &mut Vec<T>, item: T, param: Param<'_>) -> Result<(), DecodeError> {
    if list.len() == LLRP_TABLE_MAX {
        return Err(too_many(param, LLRP_TABLE_MAX));
    }
    list.push(item);
    Ok(())
}

fn too_many(param: Param<'_>, max: usize) -> DecodeError {
    let kind = param.kind;
    param.value.fault(Fault::TooMany { kind, max })
}
