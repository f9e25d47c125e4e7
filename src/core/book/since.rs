//! R11, R12: what moved of items since a cutoff, from the rows that the journal still has.

use std::collections::{BTreeMap, BTreeSet};

use super::posting::{Posting, effect};
use super::{BookError, StockView, moment};
use crate::domain::cutoff::{Cutoff, Standing};
use crate::domain::entry::{Entry, Kind};
use crate::domain::ids::Name;
use crate::domain::item::{CODE_PREFIX, ItemId};
use crate::domain::quantity::Milli;
use crate::domain::till_clock::TillClock;
use crate::limits::CUTOFF_MARGIN_MS;

/// What moved since a cutoff.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Since {
    /// On hand, in thousandths.
    pub(super) qty: Milli,
    /// Some of it could be from before the cutoff.
    pub(super) ambiguous: bool,
}

/// What is known of tills' clocks, each asked for once.
#[derive(Default)]
struct Clocks(BTreeMap<Name, Option<TillClock>>);

impl Clocks {
    /// On which side of the cutoff a row's event happened.
    fn standing<V: StockView>(
        &mut self,
        cutoff: &Cutoff,
        entry: &Entry,
        view: &V,
    ) -> Result<Standing, V::Error> {
        let till = entry.body.dev.as_ref();
        if let Some(till) = till
            && !self.0.contains_key(till)
        {
            self.0.insert(till.clone(), view.till_clock(till)?);
        }
        let clock = till.and_then(|till| self.0.get(till)?.as_ref());
        let moment = moment::of_row(&entry.body, &entry.stamp, clock);
        Ok(if moment.is_untold() {
            Standing::Ambiguous
        } else {
            cutoff.standing(&moment)
        })
    }
}

/// What moved of items, under their own names and under codes that turned out to be theirs, read
/// once through for all of them; `None` where rows since the cutoff are pruned.
pub(super) fn of_items<V: StockView>(
    cutoff: &Cutoff,
    items: impl Iterator<Item = ItemId>,
    posting: &Posting<'_, V>,
) -> Result<Option<BTreeMap<ItemId, Since>>, BookError<V::Error>> {
    let view = posting.view;
    if view.pruned_ms().map_err(BookError::View)? >= Some(cutoff.at) {
        return Ok(None);
    }
    let mut since: BTreeMap<ItemId, Since> = items.map(|item| (item, Since::default())).collect();
    let mut clocks = Clocks::default();
    let mut whole = BTreeMap::<ItemId, (ItemId, Milli)>::new();
    let mut unfit = None;
    let from = cutoff.at.saturating_sub(CUTOFF_MARGIN_MS);
    let opened: BTreeSet<String> = since.keys().map(|item| item.as_str().to_owned()).collect();
    let wanted = |item: &str| item.starts_with(CODE_PREFIX) || opened.contains(item);
    view.rows_since(from, &wanted, &mut |entry: &Entry| {
        let body = &entry.body;
        let Some(item) = body.item.as_ref().filter(|_| moment::is_counted(body)) else {
            return Ok(());
        };
        // What a code moved is the item's, once it is known to be; the remap itself moves nothing.
        if item.as_code().is_some() && !whole.contains_key(item) {
            whole.insert(item.clone(), posting.whole(item)?);
        }
        let (of, factor) = whole
            .get(item)
            .map_or((item, Milli::ONE), |(of, factor)| (of, *factor));
        let Some(sum) = since.get_mut(of) else {
            return Ok(());
        };
        let standing = clocks.standing(cutoff, entry, view)?;
        if standing == Standing::Inside {
            return Ok(());
        }
        let (on_hand, _) = effect(body);
        match on_hand.times(factor).and_then(|qty| sum.qty.plus(qty)) {
            Some(qty) => sum.qty = qty,
            None => unfit = Some(of.clone()),
        }
        sum.ambiguous |= standing == Standing::Ambiguous && on_hand != Milli::ZERO;
        Ok(())
    })
    .map_err(BookError::View)?;
    match unfit {
        Some(item) => Err(out_of_bounds(&item)),
        None => Ok(Some(since)),
    }
}

/// What moved under a code that nobody counted, since the cutoff of the item that it turned out to
/// be. What is not in the journal's rows any more is from before the cutoff where all that is pruned
/// is; else nobody can tell, and it counts as moved since.
pub(super) fn of_code<V: StockView>(
    cutoff: &Cutoff,
    code: &ItemId,
    on_hand: Milli,
    posting: &Posting<'_, V>,
) -> Result<Since, V::Error> {
    let view = posting.view;
    let mut clocks = Clocks::default();
    let (mut since, mut told) = (Since::default(), 0_i64);
    view.rows_of_code(code, &mut |entry: &Entry| {
        if entry.body.kind == Kind::Remap {
            // What it moved until then went to another item.
            (since, told) = (Since::default(), 0);
        }
        if !moment::is_counted(&entry.body) {
            return Ok(());
        }
        let (qty, _) = effect(&entry.body);
        told = told.saturating_add(qty.0);
        let standing = clocks.standing(cutoff, entry, view)?;
        if standing != Standing::Inside {
            since.qty.0 = since.qty.0.saturating_add(qty.0);
            since.ambiguous |= standing == Standing::Ambiguous && qty != Milli::ZERO;
        }
        Ok(())
    })?;
    let pruned = on_hand.0.saturating_sub(told);
    let before = view
        .pruned_ms()?
        .is_some_and(|newest| newest < cutoff.at && !cutoff.unvouched);
    if pruned != 0 && !before {
        since.qty.0 = since.qty.0.saturating_add(pruned);
        since.ambiguous = true;
    }
    Ok(since)
}

/// Why an opening or a remap is refused whose item would have more than is believable.
pub(super) fn out_of_bounds<E>(item: &ItemId) -> BookError<E> {
    BookError::Refused(format!("the balance of {item} is out of bounds"))
}
