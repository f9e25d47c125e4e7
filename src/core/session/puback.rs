//! What a PUBACK's reason code means. Any PUBACK frees the place; none of them says that the centre
//! has anything (J5).

use super::action::{Action, AlarmCode, Token};
use super::connection::Phase;
use super::window::{Carried, Flight};
use super::{MonoMs, Session};

/// MQTT 5, section 3.4.2.1: accepted, but nobody is subscribed.
const NO_MATCHING_SUBSCRIBERS: u8 = 0x10;
/// Packet too large (as DISCONNECT has it), and payload format invalid.
const NOT_AS_IT_IS: [u8; 2] = [0x95, 0x99];
/// The first code that is a refusal.
const REFUSALS: u8 = 0x80;

impl Session {
    /// Takes a PUBACK; one that is not of this connection means nothing.
    pub(super) fn take_puback(
        &mut self,
        now: MonoMs,
        token: Token,
        reason: u8,
        out: &mut Vec<Action>,
    ) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let Some(flight) = up.window.puback(now, token) else {
            return;
        };
        self.counts.pubacks += 1;
        if reason >= REFUSALS {
            self.refused(now, &flight, reason, out);
            return;
        }
        up.proved = true;
        up.credit.pubacked(now, token);
        up.speed_up();
        self.alarms.clear(AlarmCode::PublishRefused, out);
        if reason == NO_MATCHING_SUBSCRIBERS {
            let text = "the broker has no subscriber for what this box sends".to_owned();
            self.alarms.raise(AlarmCode::NobodyListens, text, out);
            if flight.carried == Carried::Hello {
                up.talk.unheard(now, &self.timers, &mut self.entropy);
            }
        } else if flight.carried != Carried::Other {
            self.alarms.clear(AlarmCode::NobodyListens, out);
        }
    }

    fn refused(&mut self, now: MonoMs, flight: &Flight, reason: u8, out: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        up.credit.refused(flight.token);
        let as_it_is = NOT_AS_IT_IS.contains(&reason);
        let again = match flight.carried {
            Carried::Rows {
                first,
                last,
                rows,
                withheld: false,
            } if as_it_is => {
                if rows <= 1 {
                    let text = format!("the broker refuses row {first} with reason {reason:#04x}");
                    self.alarms.raise(AlarmCode::RowsWithheld, text, out);
                }
                up.stream.refused(first, last, rows)
            }
            Carried::Rows { first, last, .. } => {
                up.slow_down(now);
                up.stream.put_off(first, last)
            }
            // It is said again in its own time.
            Carried::Hello | Carried::Other => {
                if !as_it_is {
                    up.slow_down(now);
                }
                Ok(())
            }
        };
        if !as_it_is {
            let text = format!("the broker refuses publishes with reason {reason:#04x}");
            self.alarms.raise(AlarmCode::PublishRefused, text, out);
        }
        if again.is_err() {
            let text = "the broker refuses too much".to_owned();
            self.drop_connection(now, None, text, out);
        }
    }
}
