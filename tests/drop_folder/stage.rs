//! A drop folder with two tills, and what came of its files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use shelfwire::device::Settings;
use shelfwire::device::drop_folder::DropSettings;
use shelfwire::device::state::State;
use shelfwire_core::identify::TillRules;
use tempfile::TempDir;

use crate::support::caller::{sale, soon};
use crate::support::devices::{Store, gtin13, unknown};

pub const LIMIT: Duration = Duration::from_secs(20);
/// Long enough that only events matter.
pub const NEVER_MS: u64 = 3_600_000;

pub struct Stage {
    pub dir: Arc<TempDir>,
    pub store: Store,
}

pub fn drop_settings(dir: &TempDir, change: impl FnOnce(&mut DropSettings)) -> Settings {
    let tills = ["till-1", "till-2"].map(|name| (name.parse().unwrap(), TillRules::default()));
    let folder = dir.path().join("drop");
    let mut settings = DropSettings::new("export".parse().unwrap(), folder, tills.into());
    settings.settled_ms = NEVER_MS;
    settings.abandoned_ms = NEVER_MS;
    settings.look_ms = 100;
    change(&mut settings);
    Settings {
        drops: vec![settings],
        ..Settings::default()
    }
}

pub fn empty_folder() -> Arc<TempDir> {
    let dir = Arc::new(TempDir::new().unwrap());
    fs::create_dir(dir.path().join("drop")).unwrap();
    dir
}

impl Stage {
    pub async fn set() -> Self {
        Self::over(empty_folder(), |_| {}).await
    }

    /// Over a folder that may have files already.
    pub async fn over(dir: Arc<TempDir>, change: impl FnOnce(&mut DropSettings)) -> Self {
        let settings = drop_settings(&dir, change);
        let store = Store::open_in(Arc::clone(&dir), settings, None).await;
        let stage = Self { dir, store };
        stage.reading().await;
        stage
    }

    pub async fn reading(&self) {
        soon("the folder is watched", || {
            (self.store.device("export").state == State::Reading).then_some(())
        })
        .await;
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("drop").join(name)
    }

    pub async fn there(&self, name: &str) {
        soon(name, || self.path(name).exists().then_some(())).await;
    }

    pub fn sold(&self) -> Vec<String> {
        let rows = self.store.rows_of("sale").into_iter();
        rows.map(|row| row.item.unwrap()).collect()
    }
}

pub fn line(till: &str, number: u64) -> String {
    format!("{}\n", sale(till, &number.to_string(), &gtin13(number)))
}

pub fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(|n| line("till-1", n)).collect()
}

pub fn items(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let all = numbers.into_iter();
    all.map(|number| unknown(&gtin13(number))).collect()
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
