//! Tables within tables: one, one with defaults, or a list of them.

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::fields::Fields;
use super::node::{Entry, Kind, Node, Spot, Table};
use super::unknown::{known_otherwise, title};

impl Fields<'_> {
    /// A table in this table.
    pub(crate) fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        self.taken.push(key);
        let entry = self.table.get(key)?;
        let path = self.child(key);
        if let Kind::Table(table) = &entry.node.kind {
            return Some(self.inner(table, &entry.node.spot, path, read));
        }
        if let Kind::Array(_) = entry.node.kind {
            let message = format!("`{path}` is one table, not a list of tables");
            let help = format!("write {} once, in single brackets", title(&path));
            self.brackets(entry, path, message, &help);
        } else {
            let header = title(&path);
            let help = format!("write {header} on a line of its own, and its keys below it");
            self.not_a_table(entry, path, &help);
        }
        None
    }

    /// A table in this table whose keys have defaults: without it, it is read as if it were empty.
    pub(crate) fn section<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Fields<'_>) -> T,
    ) -> T {
        if let Some(value) = self.table(key, &read) {
            return value;
        }
        let mut fields = Fields {
            absent: !self.table.contains_key(key),
            table: &Table::new(),
            spot: self.spot.clone(),
            path: self.child(key),
            taken: Vec::new(),
            missing: Vec::new(),
            reader: &mut *self.reader,
        };
        let value = read(&mut fields);
        let missing = std::mem::take(&mut fields.missing);
        // A table under another program's name is said to be unknown; its keys are not missing too.
        let renamed = self.path.is_empty() && known_otherwise(key, self.table);
        if !renamed && !self.table.contains_key(key) {
            self.reader
                .faults
                .extend(missing.into_iter().map(|(_, fault)| fault));
        }
        value
    }

    /// A list of tables in this table.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        self.taken.push(key);
        let mut all = Vec::new();
        let Some(entry) = self.table.get(key) else {
            return all;
        };
        let path = self.child(key);
        let header = title(&format!("{path}[]"));
        let help = format!("write {header} in double brackets, once for each {key}");
        if let Kind::Table(_) = entry.node.kind {
            let message = format!("`{key}` is a list of tables, there may be several");
            self.brackets(entry, path, message, &help);
            return all;
        }
        let Kind::Array(items) = &entry.node.kind else {
            self.not_a_table(entry, path, &help);
            return all;
        };
        if items.len() > max {
            let message = format!("more than {max} {header} tables");
            let fault = Diagnostic::new(Code::TooLarge, &first(&entry.node), message).help(
                format!("one box serves at most {max}; give the others to another box"),
            );
            self.reader.faults.push(fault);
        }
        for (index, item) in items.iter().enumerate().take(max) {
            if let Kind::Table(table) = &item.kind {
                let path = format!("{path}[{index}]");
                all.push(self.inner(table, &item.spot, path, &mut read));
            } else {
                self.not_a_table(entry, path.clone(), &help);
            }
        }
        all
    }

    fn inner<T>(
        &mut self,
        table: &Table,
        spot: &Spot,
        path: String,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        self.reader.spots.insert(path.clone(), spot.clone());
        let mut fields = Fields {
            reader: &mut *self.reader,
            table,
            spot: spot.clone(),
            path,
            taken: Vec::new(),
            missing: Vec::new(),
            absent: false,
        };
        let value = read(&mut fields);
        fields.finish();
        value
    }

    fn brackets(&mut self, entry: &Entry, path: String, message: String, help: &str) {
        self.reader.wrong.push(path);
        let fault = Diagnostic::new(Code::Brackets, &first(&entry.node), message).help(help);
        self.reader.faults.push(fault);
    }

    fn not_a_table(&mut self, entry: &Entry, path: String, help: &str) {
        let found = entry.node.kind.title();
        let message = format!("`{path}` is a table, and here it is {found}");
        let fault = Diagnostic::new(Code::WrongType, &entry.node.spot, message).help(help);
        self.reader.faults.push(fault);
        self.reader.wrong.push(path);
    }
}

/// The place of a list of tables is its first table.
fn first(node: &Node) -> Spot {
    let item = match &node.kind {
        Kind::Array(items) => items.first(),
        Kind::Text(_)
        | Kind::Integer(_)
        | Kind::Float(_)
        | Kind::Boolean(_)
        | Kind::Datetime
        | Kind::Table(_) => None,
    };
    item.map_or(&node.spot, |item| &item.spot).clone()
}
