//! One LLRP frame, as JSON. Each line stands for itself: "absent is the last one received" goes as
//! far as the frame, since nothing says that two lines are of one connection.

use serde::Serialize;
use serde_json::{Map, Number, Value, json};
use shelfwire_core::codec::llrp::content::Content;
use shelfwire_core::codec::llrp::custom::{
    IMPINJ, IMPINJ_ENABLE_EXTENSIONS, IMPINJ_ENABLE_EXTENSIONS_RESPONSE,
};
use shelfwire_core::codec::llrp::event::ReaderException;
use shelfwire_core::codec::llrp::number::message_name;
use shelfwire_core::codec::llrp::status::{FieldError, code_name};
use shelfwire_core::codec::llrp::{
    Cursor, Event, Frame, LastSeen, Message, Notification, ReaderTime, Report, Status, TagRead,
};
use shelfwire_core::domain::ids::to_hex;

/// What a frame means. Fields that only some messages have are left out of the others.
#[derive(Default, Serialize)]
pub(super) struct Said {
    message: &'static str,
    r#type: u16,
    id: u32,
    tags: Vec<Tag>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_error: Option<[u16; 2]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameter_errors: Vec<Value>,
    events: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_bytes: Option<usize>,
}

#[derive(Serialize)]
struct Tag {
    epc: String,
    epc_bits: u16,
    antenna: Option<u16>,
    rssi_dbm: Option<Number>,
    first_seen_us: Option<u64>,
    last_seen_us: Option<u64>,
    clock: Option<&'static str>,
    count: Option<u16>,
}

/// Reads a line of hexadecimal digits; spaces and colons between bytes are left out.
pub(super) fn read(input: &str) -> Result<Said, String> {
    let bytes = bytes_of(input)?;
    let frame = Frame::whole(&bytes).map_err(|fault| fault.to_string())?;
    let Some(frame) = frame else {
        let length = bytes.len();
        return Err(format!(
            "not exactly one frame: this line has {length} bytes, and its header says otherwise"
        ));
    };
    let message = Message::decode(&frame).map_err(|error| error.to_string())?;
    let mut said = Said {
        message: name(&message, frame.header.kind),
        r#type: frame.header.kind,
        id: frame.header.id,
        ..Said::default()
    };
    if let Message::Report(report) = &message {
        said.put_tags(report)?;
    } else if let Message::Event(notification) = &message {
        said.put_events(notification);
    } else if let Some((IMPINJ_ENABLE_EXTENSIONS_RESPONSE, data)) = impinj(&message) {
        said.put_status(&Status::read(data).map_err(|error| error.to_string())?);
    } else if let Some(status) = message.status() {
        said.put_status(status);
    }
    Ok(said)
}

fn bytes_of(input: &str) -> Result<Vec<u8>, String> {
    let mut digits = input.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let mut bytes = Vec::with_capacity(input.len() / 2);
    let value = |char: char| {
        let digit = char.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digit.ok_or_else(|| format!("\"{char}\" is no hexadecimal digit"))
    };
    while let Some(high) = digits.next() {
        let low = digits.next().ok_or("an odd number of hexadecimal digits")?;
        bytes.push(value(high)? << 4 | value(low)?);
    }
    Ok(bytes)
}

/// Number and data of a message of Impinj's own.
fn impinj<'a>(message: &Message<'a>) -> Option<(u8, Cursor<'a>)> {
    if let Message::Custom {
        vendor: IMPINJ,
        subtype,
        data,
    } = message
    {
        Some((*subtype, *data))
    } else {
        None
    }
}

fn name(message: &Message<'_>, kind: u16) -> &'static str {
    match impinj(message) {
        Some((IMPINJ_ENABLE_EXTENSIONS, _)) => "IMPINJ_ENABLE_EXTENSIONS",
        Some((IMPINJ_ENABLE_EXTENSIONS_RESPONSE, _)) => "IMPINJ_ENABLE_EXTENSIONS_RESPONSE",
        _ => message_name(kind).unwrap_or("UNKNOWN"),
    }
}

impl Said {
    fn put_tags(&mut self, report: &Report<'_>) -> Result<(), String> {
        let mut last = LastSeen::new(Content::ALL);
        let mut tags = report.tags(&mut last);
        let mut lost_bytes = 0;
        for tag in &mut tags {
            let tag = tag.map_err(|error| error.to_string())?;
            lost_bytes += tag.lost_bytes;
            self.tags.push(Tag::of(&tag));
        }
        lost_bytes += tags.lost_bytes();
        self.lost_bytes = (lost_bytes > 0).then_some(lost_bytes);
        Ok(())
    }

    fn put_status(&mut self, status: &Status) {
        let field = |error: FieldError| [error.field, error.code];
        self.status = Some(status.code);
        self.status_name = code_name(status.code);
        self.status_text = Some(status.text.clone());
        self.field_error = status.field.map(field);
        let parameters = status.parameters.iter().map(|error| {
            let inner = error.field.map(field);
            json!({"parameter": error.kind, "code": error.code, "field_error": inner})
        });
        self.parameter_errors = parameters.collect();
    }

    fn put_events(&mut self, notification: &Notification) {
        let events = notification.events.iter().map(|event| {
            let (name, value) = event_value(event);
            (name.to_owned(), value)
        });
        self.events = events.collect();
        self.time_us = Some(notification.time.micros());
        self.clock = Some(clock_name(notification.time));
    }
}

impl Tag {
    fn of(tag: &TagRead<'_>) -> Self {
        Self {
            epc: to_hex(tag.epc.bytes),
            epc_bits: tag.epc.bits,
            antenna: tag.antenna,
            rssi_dbm: rssi(tag),
            first_seen_us: tag.first_seen.map(ReaderTime::micros),
            last_seen_us: tag.last_seen.map(ReaderTime::micros),
            clock: tag.last_seen.or(tag.first_seen).map(clock_name),
            count: tag.count,
        }
    }
}

fn clock_name(time: ReaderTime) -> &'static str {
    match time {
        ReaderTime::Utc(_) => "utc",
        ReaderTime::Uptime(_) => "uptime",
    }
}

/// dBm, with hundredths where the reader says them.
fn rssi(tag: &TagRead<'_>) -> Option<Number> {
    let Some(cdbm) = tag.impinj_rssi_cdbm else {
        return tag.peak_rssi_dbm.map(Number::from);
    };
    let sign = if cdbm < 0 { "-" } else { "" };
    let size = cdbm.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
        .parse()
        .ok()
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
        } => {
            let value = json!({
                "event_type": phase.number(),
                "ro_spec_id": id,
                "preempting_ro_spec_id": preempting,
            });
            ("ro_spec_event", value)
        }
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
        Event::SpecLoop { id, count } => (
            "spec_loop_event",
            json!({"ro_spec_id": id, "loop_count": count}),
        ),
    }
}

fn exception_value(exception: &ReaderException) -> Value {
    let fields = [
        ("ro_spec_id", exception.rospec.map(u64::from)),
        ("spec_index", exception.spec_index.map(u64::from)),
        (
            "inventory_parameter_spec_id",
            exception.inventory_spec.map(u64::from),
        ),
        ("antenna_id", exception.antenna.map(u64::from)),
        ("access_spec_id", exception.access_spec.map(u64::from)),
        ("op_spec_id", exception.op_spec.map(u64::from)),
    ];
    let said = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    let mut object: Map<String, Value> = said.collect();
    object.insert("message".to_owned(), json!(exception.message));
    Value::Object(object)
}
