//! R19: which transactions of a till are missing. Every one that is taken counts, whatever its mode
//! and status; what is missing becomes a `source_gap` entry, and what comes later closes it.

use super::{Row, Side, StockView, alert};
use crate::domain::command::TillTransaction;
use crate::domain::entry::{Detail, Draft, Gap, Kind};
use crate::domain::ids::Name;
use crate::domain::numbers::{self, DayNumbers, DayTotal, Hole, Numbering, TillDay};
use crate::domain::observation::DayReport;
use crate::domain::time::{BusinessDay, Stamp};
use crate::limits::{GAP_GIVEN_UP_MS, NUMBER_DAYS_MAX, ROWS_PER_TICK_MAX};

/// What watching leaves: rows at the end of the command's own, and what to keep.
pub(super) struct Watching<'v, V: StockView> {
    view: &'v V,
    stamp: &'v Stamp,
    rows: Vec<Row>,
    keep: Vec<Side>,
}

/// The days of one till around one of them.
struct Around {
    before: Option<DayNumbers>,
    after: Option<TillDay>,
    /// The one to be dropped where there are too many.
    oldest: Option<TillDay>,
}

impl<'v, V: StockView> Watching<'v, V> {
    pub(super) fn new(view: &'v V, stamp: &'v Stamp) -> Self {
        Self {
            view,
            stamp,
            rows: Vec::new(),
            keep: Vec::new(),
        }
    }

    pub(super) fn done(self) -> (Vec<Row>, Vec<Side>) {
        (self.rows, self.keep)
    }

    /// A transaction that was not there before.
    pub(super) fn sale(&mut self, sale: &TillTransaction) -> Result<(), V::Error> {
        let numbering = sale.numbering;
        if numbering == Numbering::None {
            return self.unwatched(&sale.till);
        }
        let known = self.view.numbers(&sale.till, &sale.business_day)?;
        let Some(number) = numbers::number(&sale.transaction) else {
            return self.no_number(sale, known.is_some());
        };
        let fresh = known.is_none();
        // Other days matter where one begins, or where something is missing at all.
        let around = if fresh || self.view.misses(&sale.till)? {
            Some(self.around(&sale.till, &sale.business_day)?)
        } else {
            None
        };
        let before = around.as_ref().and_then(|around| around.before.as_ref());
        let end = before.and_then(DayNumbers::end);
        let mut own = known.unwrap_or_else(|| DayNumbers::new(*self.stamp));
        let took = own.take(number, numbering, end, self.stamp);
        if took.filled {
            self.came(&sale.till, &sale.business_day, number);
        }
        if took.jumped {
            self.alert(alert::number_jump(&sale.transaction), &sale.till);
        }
        if took.anew {
            self.alert(alert::numbers_anew(&sale.business_day), &sale.till);
        }
        if took.gave_up {
            self.not_numbered(&sale.till, &sale.business_day, &mut own);
        }
        if let Some(around) = around {
            if numbering == Numbering::Continuous {
                self.settle(&mut own, around.before.as_ref(), around.after, Some(number));
            }
            if let Some(oldest) = around.oldest.filter(|_| fresh) {
                self.drop_day(oldest);
            }
        }
        if took.changed {
            self.keep_day(&sale.till, &sale.business_day, own);
        }
        Ok(())
    }

    /// A day whose first transaction has no number has none.
    fn no_number(&mut self, sale: &TillTransaction, known: bool) -> Result<(), V::Error> {
        if known {
            return Ok(());
        }
        let mut own = DayNumbers::new(*self.stamp);
        own.unwatch();
        let around = self.around(&sale.till, &sale.business_day)?;
        if let Some(oldest) = around.oldest {
            self.drop_day(oldest);
        }
        self.keep_day(&sale.till, &sale.business_day, own);
        self.alert(alert::not_numbered(), &sale.till);
        Ok(())
    }

    /// The day's numbers say nothing: what they were thought to miss is missed no more.
    fn not_numbered(&mut self, till: &Name, day: &BusinessDay, numbers: &mut DayNumbers) {
        self.end(till, day, numbers);
        self.alert(alert::not_numbered(), till);
    }

    /// A till whose numbers are not watched: what was named as missing is ended.
    fn unwatched(&mut self, till: &Name) -> Result<(), V::Error> {
        if !self.view.misses(till)? {
            return Ok(());
        }
        for mut day in self.view.days_of(till)? {
            if day.numbers.holes().is_empty() {
                continue;
            }
            day.numbers.unwatch();
            self.end(till, &day.day, &mut day.numbers);
            self.keep.push(Side::Numbers(day));
        }
        Ok(())
    }

    /// Ends what is named as missing of a day that is not watched, as far as there is room; the next
    /// time ends the rest.
    fn end(&mut self, till: &Name, day: &BusinessDay, numbers: &mut DayNumbers) {
        let room = ROWS_PER_TICK_MAX.saturating_sub(self.rows.len());
        for hole in numbers.give_up(room, |_| true) {
            let text = format!(
                "{} of till {till}: its numbers are not watched any more, whether they came is \
                 not known",
                range(&hole)
            );
            self.gap(till, day, &hole, (text, true));
        }
    }

    /// A till's word on its day: what is missing is named at once.
    pub(super) fn report(&mut self, report: &DayReport) -> Result<(), V::Error> {
        let numbering = report.numbering;
        if numbering == Numbering::None {
            return self.unwatched(&report.till);
        }
        let (till, day) = (&report.till, &report.day);
        let known = self.view.numbers(till, day)?;
        let around = self.around(till, day)?;
        let fresh = known.is_none();
        let before = known.clone();
        let mut own = known.unwrap_or_else(|| DayNumbers::new(*self.stamp));
        let total = DayTotal {
            last: report.last,
            count: report.count,
        };
        match own.close(total, numbering, self.stamp) {
            Ok(false) => {}
            Ok(true) => self.not_numbered(till, day, &mut own),
            Err(why) => {
                self.alert(alert::day_report_refused(day, why), till);
                return Ok(());
            }
        }
        if numbering == Numbering::Continuous {
            self.settle(&mut own, around.before.as_ref(), around.after, None);
        }
        for hole in own.name(ROWS_PER_TICK_MAX, |_| true) {
            self.missing(till, day, &hole, "the day report counts them");
        }
        if let Some(oldest) = around.oldest.filter(|_| fresh) {
            self.drop_day(oldest);
        }
        if before.as_ref() != Some(&own) {
            self.keep_day(till, day, own);
        }
        Ok(())
    }

    /// Time has passed: holes that waited long enough are named, very old ones are given up.
    pub(super) fn tick(&mut self, all: bool) -> Result<(), V::Error> {
        let wait = self.view.patience().gap_ms;
        for TillDay {
            till,
            day,
            mut numbers,
        } in self.view.holed()?
        {
            let room = ROWS_PER_TICK_MAX.saturating_sub(self.rows.len());
            let judged = all && numbers.reported();
            let stamp = self.stamp;
            let named = numbers.name(room, |hole| judged || stamp.since(&hole.since) >= wait);
            for hole in &named {
                self.missing(&till, &day, hole, "they did not come");
            }
            let room = ROWS_PER_TICK_MAX.saturating_sub(self.rows.len());
            if numbers.unwatched() {
                self.end(&till, &day, &mut numbers);
                self.keep_day(&till, &day, numbers);
                continue;
            }
            let old = |hole: &Hole| stamp.since(&hole.since) >= GAP_GIVEN_UP_MS;
            let gone = numbers.give_up(room, old);
            for hole in &gone {
                self.given_up(&till, &day, hole);
            }
            if !(named.is_empty() && gone.is_empty()) {
                self.keep_day(&till, &day, numbers);
            }
        }
        Ok(())
    }

    /// The days around one, of the till.
    fn around(&self, till: &Name, day: &BusinessDay) -> Result<Around, V::Error> {
        let mut days = self.view.days_of(till)?;
        days.retain(|other| other.day != *day);
        let before = days.iter().rev().find(|other| other.day < *day);
        Ok(Around {
            before: before.map(|before| before.numbers.clone()),
            after: days.iter().find(|other| other.day > *day).cloned(),
            oldest: (days.len() >= NUMBER_DAYS_MAX)
                .then(|| days.into_iter().next())
                .flatten(),
        })
    }

    /// Numbers between two days belong to one of them: a hole is told once.
    fn settle(
        &mut self,
        own: &mut DayNumbers,
        before: Option<&DayNumbers>,
        after: Option<TillDay>,
        number: Option<u64>,
    ) {
        if let Some(before) = before {
            own.forget_before(before);
        }
        let Some(mut after) = after else { return };
        let filled = number.and_then(|number| after.numbers.fill_before(number));
        if let (Some(number), Some(true)) = (number, filled) {
            self.came(&after.till, &after.day, number);
        }
        own.forget_named(&after.numbers);
        if after.numbers.forget_before(own) || filled.is_some() {
            self.keep.push(Side::Numbers(after));
        }
    }

    fn keep_day(&mut self, till: &Name, day: &BusinessDay, numbers: DayNumbers) {
        self.keep.push(Side::Numbers(TillDay {
            till: till.clone(),
            day: day.clone(),
            numbers,
        }));
    }

    fn drop_day(&mut self, day: TillDay) {
        for hole in day.numbers.holes().iter().filter(|hole| hole.named) {
            self.given_up(&day.till, &day.day, hole);
        }
        self.keep.push(Side::NumbersGone(day));
    }

    fn alert(&mut self, draft: Draft, till: &Name) {
        self.row(Draft {
            dev: Some(till.clone()),
            ..draft
        });
    }

    fn missing(&mut self, till: &Name, day: &BusinessDay, hole: &Hole, why: &str) {
        let text = format!(
            "{} of till {till} are missing on {}: {why}; look whether the till still holds them",
            range(hole),
            day.as_str()
        );
        self.gap(till, day, hole, (text, false));
    }

    fn came(&mut self, till: &Name, day: &BusinessDay, number: u64) {
        let hole = Hole {
            first: number,
            last: number,
            since: *self.stamp,
            named: true,
        };
        let text = format!("transaction {number} of till {till} has come");
        self.gap(till, day, &hole, (text, true));
    }

    fn given_up(&mut self, till: &Name, day: &BusinessDay, hole: &Hole) {
        let text = format!(
            "{} of till {till} never came: given up; count what it sold",
            range(hole)
        );
        self.gap(till, day, hole, (text, true));
    }

    fn gap(&mut self, till: &Name, day: &BusinessDay, hole: &Hole, say: (String, bool)) {
        let (text, cleared) = say;
        self.row(Draft {
            dev: Some(till.clone()),
            detail: Detail {
                gap: Some(Gap {
                    day: day.clone(),
                    first: hole.first,
                    last: hole.last,
                }),
                text: Some(text),
                cleared,
                ..Detail::default()
            },
            ..Draft::new(Kind::SourceGap)
        });
    }

    fn row(&mut self, draft: Draft) {
        self.rows.push(Row { draft, after: None });
    }
}

fn range(hole: &Hole) -> String {
    if hole.first == hole.last {
        format!("transaction {}", hole.first)
    } else {
        format!("transactions {} to {}", hole.first, hole.last)
    }
}
