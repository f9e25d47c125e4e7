//! Every frame of the vectors means what the programs say that made and checked them.

use serde_json::{Map, Value, json};

use super::super::content::Content;
use super::super::custom::{IMPINJ, IMPINJ_ENABLE_EXTENSIONS_RESPONSE};
use super::super::event::{Event, Notification, ReaderException};
use super::super::number::message_name;
use super::super::{LastSeen, Message, ReaderTime, Report, Status, TagRead};
use super::{bytes_of, frame, rows};
use crate::domain::ids::to_hex;

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

fn utc(time: Option<ReaderTime>) -> Option<u64> {
    match time {
        Some(ReaderTime::Utc(micros)) => Some(micros),
        _ => None,
    }
}

fn tag_value(tag: &TagRead<'_>) -> Value {
    let mut map = Map::new();
    put(&mut map, "epc", Some(to_hex(tag.epc.bytes)));
    put(&mut map, "epc_bits", Some(tag.epc.bits));
    let form = if tag.epc.short_form {
        "EPC-96"
    } else {
        "EPCData"
    };
    put(&mut map, "form", Some(form));
    put(&mut map, "rospec_id", tag.rospec);
    put(&mut map, "spec_index", tag.spec_index);
    put(&mut map, "inventory_param_spec_id", tag.inventory_spec);
    put(&mut map, "antenna", tag.antenna);
    put(&mut map, "peak_rssi_dbm", tag.peak_rssi_dbm);
    put(&mut map, "channel_index", tag.channel);
    put(&mut map, "first_seen_utc_us", utc(tag.first_seen));
    put(&mut map, "last_seen_utc_us", utc(tag.last_seen));
    put(&mut map, "seen_count", tag.count);
    put(&mut map, "access_spec_id", tag.access_spec);
    put(&mut map, "pc", tag.pc);
    put(&mut map, "crc", tag.crc);
    put(&mut map, "impinj_peak_rssi_cdbm", tag.impinj_rssi_cdbm);
    let mut others = 0;
    for mut custom in tag.customs() {
        match (custom.vendor, custom.subtype) {
            (IMPINJ, 57) => {}
            (IMPINJ, 56) => put(&mut map, "impinj_phase", custom.data.u16().ok()),
            (IMPINJ, 68) => put(&mut map, "impinj_doppler", custom.data.i16().ok()),
            _ => others += 1,
        }
    }
    put(&mut map, "other_custom", (others > 0).then_some(others));
    Value::Object(map)
}

fn status_value(status: &Status) -> Value {
    let mut map = Map::new();
    put(&mut map, "status", Some(status.code));
    put(&mut map, "error", Some(status.text.clone()));
    let field = status.field.map(|error| json!([error.field, error.code]));
    put(&mut map, "field_error", field);
    Value::Object(map)
}

fn exception_value(exception: &ReaderException) -> Value {
    let mut map = Map::new();
    put(&mut map, "message", Some(exception.message.clone()));
    put(&mut map, "ro_spec_id", exception.rospec);
    put(&mut map, "spec_index", exception.spec_index);
    put(&mut map, "antenna_id", exception.antenna);
    Value::Object(map)
}

fn event_value(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Hopping { table, channel } => (
            "hopping_event",
            json!({"hop_table_id": table, "next_channel_index": channel}),
        ),
        Event::Gpi { port, high } => (
            "gpi_event",
            json!({"gpi_port_number": port, "gpi_event": u8::from(*high)}),
        ),
        Event::RoSpec {
            phase,
            id,
            preempting,
        } => (
            "ro_spec_event",
            json!({"event_type": phase.number(), "ro_spec_id": id, "preempting_ro_spec_id": preempting}),
        ),
        Event::BufferLevel { percent } => (
            "report_buffer_level_warning_event",
            json!({"report_buffer_percentage_full": percent}),
        ),
        Event::BufferOverflow => ("report_buffer_overflow_error_event", json!({})),
        Event::Exception(exception) => ("reader_exception_event", exception_value(exception)),
        Event::RfSurvey {
            phase,
            id,
            spec_index,
        } => (
            "rf_survey_event",
            json!({"event_type": phase.number(), "ro_spec_id": id, "spec_index": spec_index}),
        ),
        Event::AiSpecEnd { id, spec_index } => (
            "ai_spec_event",
            json!({"event_type": 0, "ro_spec_id": id, "spec_index": spec_index}),
        ),
        Event::Antenna { antenna, connected } => (
            "antenna_event",
            json!({"event_type": u8::from(*connected), "antenna_id": antenna}),
        ),
        Event::ConnectionAttempt(attempt) => (
            "connection_attempt_event",
            json!({"status": attempt.number()}),
        ),
        Event::ConnectionClose => ("connection_close_event", json!({})),
        Event::SpecLoop { .. } => ("spec_loop_event", json!({})),
    }
}

fn notification_value(notification: &Notification) -> Value {
    let kind = match notification.time {
        ReaderTime::Utc(_) => "UTCTimestamp",
        ReaderTime::Uptime(_) => "Uptime",
    };
    let events: Map<String, Value> = notification
        .events
        .iter()
        .map(event_value)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    json!({"timestamp_us": notification.time.micros(), "timestamp_kind": kind, "events": events})
}

fn report_value(report: &Report<'_>) -> Value {
    let mut last = LastSeen::new(Content::ALL);
    let tags: Vec<Value> = report
        .tags(&mut last)
        .map(|tag| tag_value(&tag.unwrap()))
        .collect();
    json!({"tags": tags})
}

/// What a frame means, in the words of the vectors.
fn meaning(message: &Message<'_>) -> Value {
    if let Message::Report(report) = message {
        return report_value(report);
    }
    if let Message::Event(notification) = message {
        return notification_value(notification);
    }
    if let Message::Custom {
        vendor: IMPINJ,
        subtype: IMPINJ_ENABLE_EXTENSIONS_RESPONSE,
        data,
    } = message
    {
        return status_value(&Status::read(*data).unwrap());
    }
    message.status().map_or_else(|| json!({}), status_value)
}

#[test]
fn every_frame_means_what_its_makers_say() {
    let rows = rows("messages.jsonl");
    let (mut tags, mut events) = (0, 0);
    for row in &rows {
        let bytes = bytes_of(row);
        let frame = frame(&bytes);
        assert_eq!(json!(frame.header.kind), row["type"], "{row}");
        assert_eq!(json!(frame.header.id), row["id"], "{row}");
        assert_eq!(json!(frame.header.version), row["ver"], "{row}");
        let message = Message::decode(&frame).unwrap();
        assert_eq!(message.kind(), frame.header.kind);
        let name = message_name(frame.header.kind).unwrap();
        let theirs = row["name"].as_str().unwrap();
        assert!(
            name == theirs || name == "CUSTOM_MESSAGE",
            "{name} is not {theirs}"
        );
        let mut expected = row["expected"].clone();
        for tag in expected
            .get_mut("tags")
            .into_iter()
            .filter_map(Value::as_array_mut)
            .flatten()
        {
            // Results of operations on tags: an inventory client asks for none.
            tag.as_object_mut().unwrap().remove("op_results");
            tags += 1;
        }
        assert_eq!(meaning(&message), expected, "{row}");
        events += usize::from(row["type"] == 63);
    }
    assert!(
        rows.len() >= 88 && tags > 10 && events >= 4,
        "{tags} tags, {events} events"
    );
}

#[test]
fn an_impinj_reader_s_signal_is_read_in_hundredths() {
    let hundredths = |row: &Value| row.to_string().contains("impinj_peak_rssi_cdbm");
    let rows: Vec<Value> = rows("messages.jsonl")
        .into_iter()
        .filter(hundredths)
        .collect();
    assert!(!rows.is_empty());
    for row in rows {
        let bytes = bytes_of(&row);
        let Message::Report(report) = super::message(&bytes).unwrap() else {
            panic!("{row}");
        };
        for tag in report.tags(&mut LastSeen::default()) {
            let tag = tag.unwrap();
            let fine = tag.rssi_cdbm().unwrap();
            assert_eq!(Some(fine), tag.impinj_rssi_cdbm);
            let coarse = i16::from(tag.peak_rssi_dbm.unwrap()) * 100;
            assert!((fine - coarse).abs() < 100, "{fine} is not near {coarse}");
        }
    }
}
