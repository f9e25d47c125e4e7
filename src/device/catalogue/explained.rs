//! What a new catalogue explains: the balances of codes that were items of their own move to the
//! items that they are (R1).

use std::pin::pin;

use futures_util::{StreamExt as _, stream};
use shelfwire_core::domain::ids::{Generation, JournalId};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::identify::remaps;
use shelfwire_core::limits::{REMAPS_AT_ONCE_MAX, UNEXPLAINED_PAGE_MAX};
use tracing::{error, info, warn};

use crate::device::Goods;
use crate::device::source::stamped;
use crate::journal::{StorageError, TakeError};

/// For which journal its codes were last explained.
#[derive(Debug, Default)]
pub(super) struct Explained {
    done_for: Option<(JournalId, Option<Generation>)>,
    /// Looks still to be made. Two after a change: an event in flight then was identified with the
    /// catalogue of before, and may be booked after the first look.
    looks: u8,
}

impl Explained {
    /// Another catalogue is in force.
    pub(super) fn again(&mut self) {
        self.looks = 2;
    }

    /// Moves the balances of codes that the catalogue knows now to their items (R1).
    pub(super) async fn explain(&mut self, goods: &Goods) {
        let now = {
            let facts = goods.journal.facts();
            let facts = facts.borrow();
            facts.books().then_some((facts.journal, facts.generation))
        };
        let Some(now) = now else { return };
        if self.done_for != Some(now) {
            self.looks = 2;
        }
        if self.looks == 0 || goods.catalogue.current().version() == 0 {
            return;
        }
        if remap_all(goods).await {
            self.looks -= 1;
            self.done_for = Some(now);
        }
    }
}

/// One pass over the unexplained items; false if it has to be made again.
async fn remap_all(goods: &Goods) -> bool {
    let catalogue = goods.catalogue.current();
    let mut after: Option<ItemId> = None;
    let mut remapped = 0_u64;
    loop {
        let (journal, from) = (goods.journal.clone(), after.clone());
        let page = move || {
            journal
                .reader()?
                .unexplained(from.as_ref(), UNEXPLAINED_PAGE_MAX)
        };
        let page: Result<Result<_, StorageError>, _> = tokio::task::spawn_blocking(page).await;
        let items = match page {
            Ok(Ok(items)) => items,
            Ok(Err(why)) => {
                warn!(%why, "codes cannot be remapped yet");
                return false;
            }
            Err(_) => return false, // the runtime is ending
        };
        let Some(last) = items.last() else { break };
        after = Some(last.clone());
        let taken = stream::iter(remaps(&catalogue, &items))
            .map(|body| goods.journal.take(stamped(&goods.journal, body)))
            .buffered(REMAPS_AT_ONCE_MAX);
        let mut taken = pin!(taken);
        while let Some(taken) = taken.next().await {
            match taken {
                Ok(_) => remapped += 1,
                Err(TakeError::Retry(_)) => return false,
                Err(TakeError::Refused(why)) => error!(why, "a remap was refused"),
            }
        }
    }
    if remapped > 0 {
        let version = catalogue.version();
        info!(remapped, version, "codes are items now");
    }
    true
}
