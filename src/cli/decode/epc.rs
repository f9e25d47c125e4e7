//! One tag's code, as JSON.

use serde::Serialize;
use shelfwire_core::codec::epc::{Meaning, decode};
use shelfwire_core::domain::epc::Epc;

/// What a tag's code means. All but the first two are there for goods only.
#[derive(Default, Serialize)]
pub(super) struct Code<'a> {
    input: &'a str,
    scheme: &'static str,
    gtin: Option<String>,
    serial: Option<String>,
    filter: Option<u8>,
    uri: Option<String>,
    tag_uri: Option<String>,
}

/// Reads a line of hexadecimal digits.
pub(super) fn read(input: &str) -> Result<Code<'_>, String> {
    let epc: Epc = input.parse().map_err(|error| format!("{error}"))?;
    let meaning = decode(&epc, None).map_err(|error| error.to_string())?;
    Ok(match meaning {
        Meaning::Goods(sgtin) => Code {
            input,
            scheme: sgtin.scheme().name(),
            gtin: Some(sgtin.gtin().to_string()),
            serial: Some(sgtin.serial().as_str().to_owned()),
            filter: Some(sgtin.filter().value()),
            uri: Some(sgtin.id_uri()),
            tag_uri: sgtin.tag_uri(),
        },
        Meaning::Other(scheme) => Code {
            input,
            scheme: scheme.name(),
            ..Code::default()
        },
    })
}
