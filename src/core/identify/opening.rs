//! Stock to open with, from a CSV file: the header `item,qty` or `code,qty`, then one row for each
//! item, or for each code that was counted. Rows of codes of one item are added up.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::Catalogue;
use super::catalogue::csv::{Field, fields};
use super::catalogue::parse::{Lines, fault, quote_fault};
use super::catalogue::{CatalogueError, Fault};
use super::label::{self, NoAmount};
use crate::domain::command::OpeningLine;
use crate::domain::item::ItemId;
use crate::domain::label::{Label, Says};
use crate::domain::observation::Product;
use crate::domain::quantity::{Milli, Uom};
use crate::limits::{CATALOGUE_FAULTS_MAX, CATALOGUE_ROWS_MAX};

/// What a code stands for, read as a till's code is. `None` for a text that no scan can give.
pub type ReadCode<'a> = &'a dyn Fn(&str) -> Option<Product>;

/// Reads absolute stock. A fault anywhere gives no line at all, so that a half file opens nothing.
pub fn read_opening(
    source: impl BufRead,
    catalogue: &Catalogue,
    read_code: ReadCode<'_>,
) -> Result<Vec<OpeningLine>, CatalogueError> {
    let mut lines = Lines::new(source);
    let by_code = match lines.next_line()?.as_deref().map(str::trim) {
        Some("item,qty") => false,
        Some("code,qty") => true,
        _ => {
            let problem = "the first line is not the header";
            let fault = fault(1, 1, problem, "write item,qty or code,qty");
            return Err(CatalogueError::Faults(vec![fault]));
        }
    };
    let mut opening = BTreeMap::new();
    let mut faults = Vec::new();
    let reader = Reader {
        catalogue,
        read_code: by_code.then_some(read_code),
    };
    while let Some(line) = lines.next_line()? {
        if line.trim_matches([' ', ',']).is_empty() {
            continue;
        }
        let taken = if opening.len() < CATALOGUE_ROWS_MAX {
            reader.take(lines.number, &line, &mut opening)
        } else {
            let problem = format!("more than {CATALOGUE_ROWS_MAX} items");
            Err(fault(lines.number, 1, &problem, "cut the file"))
        };
        faults.extend(taken.err());
        if faults.len() >= CATALOGUE_FAULTS_MAX {
            break;
        }
    }
    if opening.is_empty() && faults.is_empty() {
        let fix = "write one row for each item that was counted, 0 where none is left";
        faults.push(fault(lines.number, 1, "there is no row", fix));
    }
    if !faults.is_empty() {
        return Err(CatalogueError::Faults(faults));
    }
    let line = |(item, (qty, uom))| OpeningLine { item, qty, uom };
    Ok(opening.into_iter().map(line).collect())
}

struct Reader<'a> {
    catalogue: &'a Catalogue,
    /// Given where the first column is a code.
    read_code: Option<ReadCode<'a>>,
}

/// What a row names.
struct Named {
    item: ItemId,
    /// How many of its unit one of what the row names is.
    factor: Milli,
    unit: Uom,
    label: Option<Label>,
}

impl Reader<'_> {
    fn take(
        &self,
        number: u32,
        line: &str,
        opening: &mut BTreeMap<ItemId, (Milli, Uom)>,
    ) -> Result<(), Fault> {
        let found = fields(line).map_err(|at| quote_fault(number, at.column))?;
        let [what, qty] = found.as_slice() else {
            let problem = format!("the row has {} of 2 columns", found.len());
            let fix = "write it with one comma, and decimals with a point";
            return Err(fault(number, line.len() + 1, &problem, fix));
        };
        let refuse = |field: &Field<'_>, problem: &str, fix: &str| {
            Err(fault(number, field.column, problem, fix))
        };
        let named = match self.item(&what.text) {
            Ok(found) => found,
            Err((problem, fix)) => return refuse(what, &problem, fix),
        };
        let qty = match qty.text.parse::<Milli>() {
            Ok(said) if said < Milli::ZERO => {
                return refuse(qty, "stock is below 0", "count again");
            }
            Ok(said) => said,
            Err(error) => return refuse(qty, &error.to_string(), "write it so"),
        };
        let qty = match named.qty(qty) {
            Ok(qty) => qty,
            Err((problem, fix)) => return refuse(what, &problem, fix),
        };
        let Named {
            item, factor, unit, ..
        } = named;
        let before = match opening.get(&item) {
            Some(_) if self.read_code.is_none() => {
                let problem = format!("{item} stands in the file twice");
                return refuse(what, &problem, "keep one row, with the sum");
            }
            Some((before, _)) => *before,
            None => Milli::ZERO,
        };
        let sum = qty.times(factor).and_then(|qty| before.plus(qty));
        let Some(sum) = sum.and_then(Milli::bounded) else {
            let problem = "times the catalogue's factor it is too much, or too fine";
            return refuse(what, problem, "check the factor, and the count");
        };
        opening.insert(item, (sum, unit));
        Ok(())
    }

    /// What a row names, or what is wrong with it and how to mend it.
    fn item(&self, text: &str) -> Result<Named, (String, &'static str)> {
        let read = self.read_code.and_then(|read| read(text));
        let found = match &read {
            None if self.read_code.is_some() => None,
            None | Some(Product::Item(_)) => self.catalogue.item(text).map(|i| (i, Milli::ONE)),
            Some(Product::Code(code)) => self.catalogue.code(code.as_str()),
            Some(Product::Label(label)) => self.catalogue.code(label.base.as_str()),
        };
        let Some((item, factor)) = found else {
            // A store without a catalogue, whose tills name items.
            if self.catalogue.version() == 0 && self.read_code.is_none() {
                return match ItemId::from_retailer(text) {
                    Ok(item) => Ok(Named {
                        item,
                        factor: Milli::ONE,
                        unit: Uom::Each,
                        label: None,
                    }),
                    Err(error) => Err((error.to_string(), "use the retailer's own key")),
                };
            }
            let problem = format!("\"{text}\" is not in the catalogue");
            return Err((problem, "add it there first"));
        };
        if !item.has_stock() {
            return Err((format!("{text} has no stock"), "leave it out"));
        }
        if item.components().next().is_some() {
            return Err((format!("{text} is a bundle"), "open its components"));
        }
        Ok(Named {
            item: item.id(),
            factor,
            unit: item.unit(),
            label: match read {
                Some(Product::Label(label)) => Some(*label),
                Some(Product::Code(_) | Product::Item(_)) | None => None,
            },
        })
    }
}

impl Named {
    /// How many of what the row names there are: what it says, or so many labels.
    fn qty(&self, said: Milli) -> Result<Milli, (String, &'static str)> {
        let Some(label) = &self.label else {
            return Ok(said);
        };
        let base = &label.base;
        match label.says {
            // The bare code, with the quantity beside it.
            Ok(Says::Nothing) => return Ok(said),
            Ok(Says::Price) => {
                let problem =
                    format!("the label {base} carries only a price, which is no quantity");
                let fix = "write the code with zeros for the price, and how much there is";
                return Err((problem, fix));
            }
            Ok(Says::Weight(_) | Says::Count(_)) | Err(_) => {}
        }
        match label::amount(label, said, None, Some(self.unit)) {
            Ok((qty, _)) => Ok(qty),
            Err(NoAmount::Unclear(problem)) => Err((problem, "read the label again")),
            Err(NoAmount::Unit(unit)) => {
                let (unit, own) = (unit.as_str(), self.unit.as_str());
                let problem = format!("the label {base} says {unit}, the item is kept in {own}");
                Err((
                    problem,
                    "correct the unit in the catalogue, or the pattern in [labels]",
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Catalogue;

    fn faults(bytes: &[u8]) -> String {
        let error = read_opening(bytes, &Catalogue::empty(), &|_| None).unwrap_err();
        assert!(!error.retry());
        error.to_string()
    }

    #[test]
    fn r12_a_file_in_another_encoding_is_refused_with_its_place_and_a_way_to_mend_it() {
        let text = "item,qty\nK\u{e4}se,3\n";
        let utf_16 = |bytes: fn(u16) -> [u8; 2], mark: &[u8]| {
            let units = text.encode_utf16().flat_map(bytes);
            mark.iter().copied().chain(units).collect::<Vec<u8>>()
        };
        let latin_1 = b"item,qty\nK\xe4se,3\n".to_vec();
        for (name, file, place) in [
            ("latin-1", latin_1, "2:2:"),
            ("utf-16 le", utf_16(u16::to_le_bytes, b"\xff\xfe"), "1:1:"),
            ("utf-16 be", utf_16(u16::to_be_bytes, b"\xfe\xff"), "1:1:"),
            ("utf-16 unmarked", utf_16(u16::to_le_bytes, b""), "1:2:"),
        ] {
            let said = faults(&file);
            assert!(said.starts_with(place), "{name}: {said}");
            assert!(said.ends_with("save the file as UTF-8"), "{name}: {said}");
        }
    }

    #[test]
    fn r12_items_twice_unknown_or_below_zero_are_named_with_line_and_column() {
        let said = faults(b"item,qty\na,1\nb,-2\na,3\nc,1,5\n");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        for (line, want) in lines.iter().zip(["3:3: ", "4:1: a stands", "5:6: "]) {
            assert!(line.starts_with(want), "{line} does not begin with {want}");
        }
    }
}
