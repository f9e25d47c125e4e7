//! R12, R13: absolute stock. Its entry carries the difference to the book, what was counted and what
//! the book held; from here on the item is known. (Its cutoff is a rule of its own.)

use super::posting::{Fault, Posting};
use super::{BookError, StockView, alert};
use crate::domain::command::OpeningLine;
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::quantity::Milli;
use crate::limits::OPENING_LINES_MAX;

pub(super) fn book<V: StockView>(
    lines: &[OpeningLine],
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    if lines.len() > OPENING_LINES_MAX {
        let text = format!("an opening has at most {OPENING_LINES_MAX} lines: cut it");
        return Err(BookError::Refused(text));
    }
    if let Some(line) = lines
        .iter()
        .find(|line| line.qty < Milli::ZERO || line.qty.bounded().is_none())
    {
        let text = format!("{} of {} is no stock to open with", line.qty, line.item);
        return Err(BookError::Refused(text));
    }
    lines.iter().try_for_each(|line| open(line, posting))
}

fn open<V: StockView>(
    line: &OpeningLine,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let (item, _) = posting.whole(&line.item).map_err(BookError::View)?;
    if item != line.item {
        // The code is only a part of that item's stock: as an absolute number it would be wrong.
        let alert = alert::opening_of_code(line.item.clone(), &item);
        return posting.note(alert).map_err(BookError::View);
    }
    let expected = posting.balance(&item).map_err(BookError::View)?.on_hand;
    let refuse = || BookError::Refused(format!("the balance of {} is out of bounds", line.item));
    let draft = Draft {
        item: Some(item),
        qty: line.qty.minus(expected).ok_or_else(refuse)?,
        uom: Some(line.uom),
        detail: Detail {
            counted: Some(line.qty),
            expected: Some(expected),
            ..Detail::default()
        },
        ..Draft::new(Kind::Move(Movement::Opening))
    };
    posting.post(vec![draft]).map_err(|fault| match fault {
        Fault::View(error) => BookError::View(error),
        Fault::Misfit(misfit) => BookError::Refused(misfit.to_string()),
    })
}
