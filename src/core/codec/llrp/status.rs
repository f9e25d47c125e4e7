//! `LLRPStatus` (LLRP 1.1, 14.2): how a request went, and which field or parameter was at fault.

use super::cursor::{Cursor, Param};
use super::error::{DecodeError, Fault};
use super::number::parameter as p;
use super::writer::Writer;
use crate::limits::{LLRP_DEPTH_MAX, LLRP_TEXT_MAX_BYTES};

/// How a request went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// 0 is success; [`code_name`] has the names.
    pub code: u16,
    /// The reader's words, at most [`LLRP_TEXT_MAX_BYTES`] of them; often empty.
    pub text: String,
    /// A field of the message itself.
    pub field: Option<FieldError>,
    /// Parameters on the way to the one at fault, outermost first; at most [`LLRP_DEPTH_MAX`],
    /// deeper ones are not kept.
    pub parameters: Vec<ParameterError>,
}

/// A field at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError {
    /// Which one, counted from 0.
    pub field: u16,
    /// Why.
    pub code: u16,
}

/// A parameter at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterError {
    /// Its type.
    pub kind: u16,
    /// Why.
    pub code: u16,
    /// Its field at fault, if it is one.
    pub field: Option<FieldError>,
}

impl Status {
    /// Everything went well.
    pub fn success() -> Self {
        Self::default()
    }

    /// A refusal, as a reader writes it.
    pub fn refused(code: u16, text: &str) -> Self {
        Self {
            code,
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the request was done.
    pub fn is_success(&self) -> bool {
        self.code == 0
    }

    /// The status at the beginning of an answer's parameters. Unknown parameters are skipped.
    pub fn read(body: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut params = body.params();
        while let Some(param) = params.next_param()? {
            if param.kind == p::LLRP_STATUS {
                return Self::of(param);
            }
        }
        Err(body.fault(Fault::Missing(p::LLRP_STATUS)))
    }

    /// The status in a parameter of that type.
    pub fn of(param: Param<'_>) -> Result<Self, DecodeError> {
        let mut value = param.value;
        let code = value.u16()?;
        let text = value.text(LLRP_TEXT_MAX_BYTES)?;
        let (field, mut inner) = errors(value)?;
        let mut parameters = Vec::new();
        // A chain, not a tree: a loop instead of a recursion that bytes could drive.
        while let Some(mut value) = inner {
            let kind = value.u16()?;
            let code = value.u16()?;
            let (field, next) = errors(value)?;
            if parameters.len() < LLRP_DEPTH_MAX {
                parameters.push(ParameterError { kind, code, field });
            }
            inner = next;
        }
        Ok(Self {
            code,
            text,
            field,
            parameters,
        })
    }

    /// As a parameter.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::LLRP_STATUS, |out| {
            out.u16(self.code);
            out.text(&self.text);
            write_field(self.field, out);
            let kept = self.parameters.get(..LLRP_DEPTH_MAX);
            write_parameters(kept.unwrap_or(&self.parameters), out);
        });
    }
}

/// The field error, and the value of the parameter error, that are left.
fn errors(value: Cursor<'_>) -> Result<(Option<FieldError>, Option<Cursor<'_>>), DecodeError> {
    let (mut field, mut parameter) = (None, None);
    let mut params = value.params();
    while let Some(mut param) = params.next_param()? {
        match param.kind {
            p::FIELD_ERROR => {
                field = Some(FieldError {
                    field: param.value.u16()?,
                    code: param.value.u16()?,
                });
            }
            p::PARAMETER_ERROR => parameter = Some(param.value),
            _ => {}
        }
    }
    Ok((field, parameter))
}

fn write_field(field: Option<FieldError>, out: &mut Writer) {
    if let Some(FieldError { field, code }) = field {
        out.tlv(p::FIELD_ERROR, |out| {
            out.u16(field);
            out.u16(code);
        });
    }
}

fn write_parameters(parameters: &[ParameterError], out: &mut Writer) {
    if let Some((first, inner)) = parameters.split_first() {
        out.tlv(p::PARAMETER_ERROR, |out| {
            out.u16(first.kind);
            out.u16(first.code);
            write_field(first.field, out);
            write_parameters(inner, out);
        });
    }
}

/// The standard's name of a status code; `None` for one that it does not have.
pub fn code_name(code: u16) -> Option<&'static str> {
    let name = match code {
        0 => "M_Success",
        100 => "M_ParameterError",
        101 => "M_FieldError",
        102 => "M_UnexpectedParameter",
        103 => "M_MissingParameter",
        104 => "M_DuplicateParameter",
        105 => "M_OverflowParameter",
        106 => "M_OverflowField",
        107 => "M_UnknownParameter",
        108 => "M_UnknownField",
        109 => "M_UnsupportedMessage",
        110 => "M_UnsupportedVersion",
        111 => "M_UnsupportedParameter",
        200 => "P_ParameterError",
        201 => "P_FieldError",
        202 => "P_UnexpectedParameter",
        203 => "P_MissingParameter",
        204 => "P_DuplicateParameter",
        205 => "P_OverflowParameter",
        206 => "P_OverflowField",
        207 => "P_UnknownParameter",
        208 => "P_UnknownField",
        209 => "P_UnsupportedParameter",
        300 => "A_Invalid",
        301 => "A_OutOfRange",
        401 => "R_DeviceError",
        _ => return None,
    };
    Some(name)
}
