//! The JSON Schema that `shelfwire config schema` writes: every shipped file is valid, and what
//! `check` refuses by itself is mostly invalid too.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use shelfwire::config::schema::{FULL, sample, schema};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// As much of JSON Schema (draft 2020-12) as the schema uses; an unknown word fails the test.
struct Schema(Value);

/// What a rule that looks at one value alone says against it.
fn against(word: &str, rule: &Value, value: &Value) -> Option<String> {
    let holds = match word {
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            other => panic!("type {other}"),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "pattern" => {
            let form = regex_lite::Regex::new(rule.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| form.is_match(text))
        }
        "minimum" | "minLength" | "minItems" => {
            size(value).is_none_or(|size| size >= rule.as_i64().unwrap())
        }
        "maximum" | "maxLength" | "maxItems" => {
            size(value).is_none_or(|size| size <= rule.as_i64().unwrap())
        }
        "required" => rule
            .as_array()
            .unwrap()
            .iter()
            .all(|key| value.get(key.as_str().unwrap()).is_some()),
        "$schema" | "$defs" | "title" | "description" | "default" | "uniqueItems" => true,
        other => panic!("the schema uses {other}"),
    };
    (!holds).then(|| format!("{value} is not as {word} {rule} says"))
}

fn size(value: &Value) -> Option<i64> {
    let length = || {
        value
            .as_str()
            .map(str::len)
            .or_else(|| Some(value.as_array()?.len()))
    };
    value.as_i64().or_else(|| i64::try_from(length()?).ok())
}

impl Schema {
    fn faults(&self, value: &Value, schema: &Value, at: &str, faults: &mut Vec<String>) {
        for (word, rule) in schema.as_object().unwrap() {
            match word.as_str() {
                "oneOf" => {
                    let fits = |one: &&Value| {
                        let mut inner = Vec::new();
                        self.faults(value, one, at, &mut inner);
                        inner.is_empty()
                    };
                    if rule.as_array().unwrap().iter().filter(fits).count() != 1 {
                        faults.push(format!("{at}: {value} fits not exactly one form"));
                    }
                }
                "$ref" => {
                    let place = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.faults(value, self.0.pointer(place).unwrap(), at, faults);
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.faults(item, rule, &format!("{at}/{index}"), faults);
                    }
                }
                "properties" => {
                    for (key, inner) in value.as_object().into_iter().flatten() {
                        if let Some(rule) = rule.get(key) {
                            self.faults(inner, rule, &format!("{at}/{key}"), faults);
                        }
                    }
                }
                "additionalProperties" => {
                    let known = schema.get("properties");
                    for (key, inner) in value.as_object().into_iter().flatten() {
                        let named = known.is_some_and(|known| known.get(key).is_some());
                        if named {
                            continue;
                        }
                        if *rule == Value::Bool(false) {
                            faults.push(format!("{at}: no key {key}"));
                        } else {
                            self.faults(inner, rule, &format!("{at}/{key}"), faults);
                        }
                    }
                }
                other => {
                    faults.extend(against(other, rule, value).map(|text| format!("{at}: {text}")));
                }
            }
        }
    }

    fn of(&self, text: &str) -> Vec<String> {
        let value: toml::Value = toml::from_str(text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        let mut faults = Vec::new();
        self.faults(&value, &self.0, "", &mut faults);
        faults
    }
}

#[test]
fn every_sample_is_valid() {
    let schema = Schema(schema());
    for name in [
        "shelfwire.toml",
        "full.toml",
        "fleet/shelfwire.toml",
        "fleet/fleet.toml",
    ] {
        let text = fs::read_to_string(root().join("config").join(name)).unwrap();
        assert_eq!(schema.of(&text), [""; 0], "{name}");
    }
    let tables = sample("no such table").unwrap_err();
    for table in tables {
        assert_eq!(schema.of(&sample(table).unwrap()), [""; 0], "{table}");
    }
}

#[test]
fn what_is_wrong_by_itself_is_invalid() {
    let schema = Schema(schema());
    let folder = root().join("tests/data/config-faults");
    let mut seen = 0;
    for expect in fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if expect.extension().is_none_or(|ending| ending != "expect") {
            continue;
        }
        let codes = fs::read_to_string(&expect).unwrap();
        // Unknown keys and tables, wrong types and choices, forms of texts.
        let alone = [
            "E020", "E021", "E023", "E024", "E025", "E027", "E032", "E035", "E036", "E037", "E041",
            "E042",
        ];
        let path: &Path = &expect.with_extension("toml");
        if !codes
            .lines()
            .any(|line| alone.iter().any(|code| line.starts_with(code)))
            || !path.is_file()
        {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        assert!(!schema.of(&text).is_empty(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 20, "{seen} cases");
}

#[test]
fn every_key_is_described() {
    fn walk(schema: &Value, path: &str, missing: &mut Vec<String>, seen: &mut usize) {
        let keys = schema.get("properties").and_then(Value::as_object);
        for (key, inner) in keys.into_iter().flatten() {
            *seen += 1;
            let path = format!("{path}.{key}");
            if inner.get("description").is_none() && inner.get("oneOf").is_none() {
                missing.push(path.clone());
            }
            walk(inner, &path, missing, seen);
            if let Some(items) = inner.get("items") {
                walk(items, &path, missing, seen);
            }
        }
    }
    let (mut missing, mut seen) = (Vec::new(), 0);
    walk(&schema(), "", &mut missing, &mut seen);
    assert!(seen > 80, "{seen} keys");
    // A remark above several keys is that of the first; days and certificates need no more.
    missing.retain(|path| !path.starts_with(".hours."));
    assert_eq!(missing, [""; 0]);
    assert!(FULL.lines().count() > 100);
}
