//! The ledger's sum against the balances: a difference is an alert, never a correction.

use super::tx::{CentreAlert, Difference, StoreTx};
use crate::domain::entry::Severity;
use crate::domain::time::WallMs;
use crate::limits::DIFFERENCES_MAX;

/// Compares, where the ledger is a full account: contiguous in every journal, nothing withheld,
/// and the balances cover as far. `None` where it is not; an empty list means that all agree.
pub fn audit<T: StoreTx>(tx: &mut T, now: WallMs) -> Result<Option<Vec<Difference>>, T::Error> {
    let store = tx.store()?;
    let Some(current) = store.current else {
        return Ok(None);
    };
    let covered = tx
        .journal(current)?
        .is_some_and(|row| row.covered.contiguous() == row.seen && !row.snapshot_wanted);
    if !covered || !tx.complete()? {
        return Ok(None);
    }
    let differences = tx.differences(DIFFERENCES_MAX)?;
    for found in &differences {
        let held = tx.level(&found.item)?.map_or(0, |level| level.seq);
        tx.put_alert(CentreAlert {
            alert: "ledger_differs".to_owned(),
            severity: Severity::Critical,
            item: Some(found.item.clone()),
            place: Some((current, held)),
            dev: None,
            cleared: false,
            quiet: false,
            text: format!(
                "the ledger adds up to {} and the balance is {}: count the item",
                found.ledger, found.balance
            ),
            at: now,
        })?;
    }
    Ok(Some(differences))
}
