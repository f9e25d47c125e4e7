//! The rows of one command while it is booked: several drafts on one item chain, and a line that
//! cannot be booked leaves nothing behind.

use std::collections::BTreeMap;

use super::{BookError, Row, StockView, alert, moment};
use crate::domain::command::Part;
use crate::domain::cutoff::Moment;
use crate::domain::entry::{Draft, Entry, Kind, Movement, Severity};
use crate::domain::ids::Seq;
use crate::domain::item::ItemId;
use crate::domain::key::{KeyDigest, Skey};
use crate::domain::quantity::Milli;
use crate::domain::stock::{Balance, FoldError};
use crate::limits::{ALERT_ROWS_PER_COMMAND_MAX, ROWS_PER_COMMAND_MAX};

/// Why drafts do not become rows, though the journal could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misfit {
    /// A balance would pass what is believable.
    #[error("the balance would pass 10^12 units")]
    Bound,
    /// The command would book too many rows.
    #[error("the transaction books more than 10000 rows")]
    Rows,
    /// A factor does not give whole thousandths, or too many.
    #[error("the quantity times the catalogue's factor is not a whole number of thousandths")]
    Inexact,
}

/// Why a line is not booked.
#[derive(Debug)]
pub(super) enum Fault<E> {
    /// The journal could not be asked: nothing of the command is booked.
    View(E),
    /// This line alone is not booked.
    Misfit(Misfit),
}

impl<E> From<Misfit> for Fault<E> {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

/// An item's balances while a command is booked.
#[derive(Debug, Clone)]
struct Running {
    before: Balance,
    now: Balance,
}

/// Rows so far.
pub(super) struct Posting<'v, V: StockView> {
    /// What the journal holds.
    pub(super) view: &'v V,
    /// Rows in order.
    pub(super) rows: Vec<Row>,
    /// When the command's event happened; `None` for what is judged by no cutoff.
    pub(super) moment: Option<Moment>,
    items: BTreeMap<ItemId, Running>,
    /// Rows of the journal that are looked away from: those of the version that is changed (R3).
    pub(super) apart: BTreeMap<Seq, Draft>,
}

impl<'v, V: StockView> Posting<'v, V> {
    pub(super) fn new(view: &'v V) -> Self {
        Self {
            view,
            rows: Vec::new(),
            moment: None,
            items: BTreeMap::new(),
            apart: BTreeMap::new(),
        }
    }

    /// Behind rows that are booked: items stand where those leave them.
    pub(super) fn behind(view: &'v V, rows: &[Row]) -> Self {
        let mut posting = Self::new(view);
        for row in rows {
            if let (Some(item), Some(after)) = (&row.draft.item, &row.after) {
                let running = Running {
                    before: after.clone(),
                    now: after.clone(),
                };
                posting.items.insert(item.clone(), running);
            }
        }
        posting
    }

    /// The journal's rows of a line, but those that are looked away from; `None` where one is damaged.
    pub(super) fn rows_of_line(&self, line: &KeyDigest) -> Result<Option<Vec<Entry>>, V::Error> {
        let mut rows = self.view.rows_of_line(line)?;
        if let Some(rows) = &mut rows {
            rows.retain(|row| !self.apart.contains_key(&row.seq));
        }
        Ok(rows)
    }

    /// The item's balances after the rows so far.
    pub(super) fn balance(&self, item: &ItemId) -> Result<Balance, V::Error> {
        match self.items.get(item) {
            Some(running) => Ok(running.now.clone()),
            None => Ok(self.view.level(item)?.balance),
        }
    }

    /// Posts the drafts of one line: all of them, or none.
    pub(super) fn post(&mut self, drafts: Vec<Draft>) -> Result<(), Fault<V::Error>> {
        if self.rows.len() + drafts.len() > ROWS_PER_COMMAND_MAX - ALERT_ROWS_PER_COMMAND_MAX {
            return Err(Misfit::Rows.into());
        }
        let (rows, items) = (self.rows.len(), self.items.clone_of(&drafts));
        for draft in drafts {
            let pushed = self.settled(draft).and_then(|draft| self.push(draft));
            if let Err(fault) = pushed {
                self.rows.truncate(rows);
                self.items.restore(items);
                return Err(fault);
            }
        }
        Ok(())
    }

    /// A draft as the cutoff of its item leaves it (R11, R12).
    fn settled(&self, draft: Draft) -> Result<Draft, Fault<V::Error>> {
        let (Some(moment), Some(item)) = (&self.moment, &draft.item) else {
            return Ok(draft);
        };
        if !moment::is_counted(&draft) || !self.balance(item).map_err(Fault::View)?.known {
            return Ok(draft);
        }
        match self.view.opening(item).map_err(Fault::View)? {
            Some(opening) => Ok(moment::settle(draft, &opening.cutoff, moment)),
            None => Ok(draft),
        }
    }

    /// Posts an alert, a loss or anything else that moves nothing.
    pub(super) fn note(&mut self, draft: Draft) -> Result<(), V::Error> {
        debug_assert!(!draft.kind.moves_stock(), "a note moves nothing");
        let after = match &draft.item {
            Some(item) => Some(self.balance(item)?),
            None => None,
        };
        self.rows.push(Row { draft, after });
        Ok(())
    }

    fn push(&mut self, mut draft: Draft) -> Result<(), Fault<V::Error>> {
        let Some(item) = draft.item.clone() else {
            self.rows.push(Row { draft, after: None });
            return Ok(());
        };
        let now = self.balance(&item).map_err(Fault::View)?;
        let mut crowded = false;
        let after = match now.after(&draft) {
            Ok(after) => after,
            Err(FoldError::Bound) => return Err(Misfit::Bound.into()),
            Err(FoldError::Zones) => {
                // The units are in the store all the same: they go to no zone.
                (draft.zone, draft.from_zone, crowded) = (None, None, true);
                now.after(&draft).ok().ok_or(Misfit::Bound)?
            }
        };
        let running = self.items.entry(item.clone()).or_insert(Running {
            before: now.clone(),
            now,
        });
        running.now = after.clone();
        let (dev, skey) = (draft.dev.clone(), draft.skey);
        self.rows.push(Row {
            draft,
            after: Some(after),
        });
        if crowded {
            let alert = alert::too_many_zones(item);
            self.note(Draft { dev, skey, ..alert })
                .map_err(Fault::View)?;
        }
        Ok(())
    }

    /// Says which items this command took below zero or back (R13), which it made doubtful or
    /// settled (R11), and of which pieces are suspected to be gone or not any more (R17), where their
    /// stock is known. These alerts are the item's, not the source's: what
    /// one source begins another may end.
    pub(super) fn alert_states(&mut self, skey: Option<Skey>) {
        let room = ROWS_PER_COMMAND_MAX.saturating_sub(self.rows.len());
        let low = |balance: &Balance| balance.known && balance.on_hand < Milli::ZERO;
        let mut told = Vec::new();
        for (item, Running { before, now }) in &self.items {
            let suspect = |balance: &Balance| balance.known && balance.suspect > Milli::ZERO;
            let states = [
                (low(before), low(now), alert::negative as StateAlert),
                (before.ambiguous, now.ambiguous, alert::recount),
                (suspect(before), suspect(now), alert::suspect),
            ];
            for (was, _, alert) in states.into_iter().filter(|(was, is, _)| was != is) {
                let mut draft = alert(item.clone(), now);
                if was {
                    draft.detail.cleared = true;
                    draft.detail.severity = Some(Severity::Info);
                    draft.detail.text = Some(format!("over: on hand is {}", now.on_hand));
                }
                draft.skey = skey;
                told.push(Row {
                    draft,
                    after: Some(now.clone()),
                });
            }
        }
        self.rows.extend(told.into_iter().take(room));
    }

    /// A part under the item that its code turned out to be (R1): a command made before the
    /// catalogue learnt the code must not bring the `code:` item back to life.
    pub(super) fn redirect(&self, part: &Part) -> Result<Part, Fault<V::Error>> {
        let (item, factor) = self.whole(&part.item).map_err(Fault::View)?;
        if item == part.item {
            return Ok(part.clone());
        }
        let qty = part.qty.times(factor).and_then(Milli::bounded);
        Ok(Part {
            item,
            code: part.code.clone(),
            qty: qty.ok_or(Misfit::Inexact)?,
            uom: part.uom,
        })
    }

    /// What an item is called now, and how many units of that one of it is.
    pub(super) fn whole(&self, item: &ItemId) -> Result<(ItemId, Milli), V::Error> {
        let learnt = match item.as_code() {
            Some(_) => self.view.remapped(item)?,
            None => None,
        };
        Ok(learnt.unwrap_or_else(|| (item.clone(), Milli::ONE)))
    }

    /// Ends a line: what does not fit is told with its raw text instead of moving stock.
    pub(super) fn or_tell(
        &mut self,
        posted: Result<(), Fault<V::Error>>,
        tell: impl FnOnce(Misfit) -> Draft,
    ) -> Result<(), BookError<V::Error>> {
        match posted {
            Ok(()) => Ok(()),
            Err(Fault::View(error)) => Err(BookError::View(error)),
            Err(Fault::Misfit(misfit)) => self.note(tell(misfit)).map_err(BookError::View),
        }
    }
}

/// An alert about an item, with its balances.
type StateAlert = fn(ItemId, &Balance) -> Draft;

/// Undoing the items of a line.
trait Items {
    fn clone_of(&self, drafts: &[Draft]) -> Vec<(ItemId, Option<Running>)>;
    fn restore(&mut self, items: Vec<(ItemId, Option<Running>)>);
}

impl Items for BTreeMap<ItemId, Running> {
    fn clone_of(&self, drafts: &[Draft]) -> Vec<(ItemId, Option<Running>)> {
        let items = drafts.iter().filter_map(|draft| draft.item.as_ref());
        items
            .map(|item| (item.clone(), self.get(item).cloned()))
            .collect()
    }

    fn restore(&mut self, items: Vec<(ItemId, Option<Running>)>) {
        for (item, running) in items {
            match running {
                Some(running) => self.insert(item, running),
                None => self.remove(&item),
            };
        }
    }
}

/// How much the source's line said, where the row's own quantity does not say it.
pub(super) fn line_qty(line: Milli, row: Milli) -> Option<Milli> {
    let said = Milli(line.0.saturating_abs());
    (said.0 != row.0.saturating_abs()).then_some(said)
}

/// What a movement is about: what its row moved, or would have moved, had it not been inside an
/// opening (R12). A void of it undoes this, and is itself judged by the cutoff.
pub(super) fn moved(draft: &Draft) -> Milli {
    draft.detail.inside.unwrap_or(draft.qty)
}

/// What a movement is about, as `on_hand` and `unavailable`; see [`moved`].
pub(super) fn effect(draft: &Draft) -> (Milli, Milli) {
    if matches!(draft.kind, Kind::Move(Movement::Hold | Movement::Release)) {
        (Milli::ZERO, moved(draft))
    } else if matches!(draft.kind, Kind::Move(Movement::Pick | Movement::Move)) {
        (Milli::ZERO, Milli::ZERO)
    } else {
        (moved(draft), draft.unavailable)
    }
}
