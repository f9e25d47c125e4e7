//! Small things the whole agent needs: clock, tasks, delays.

pub mod broker_url;
pub mod business_day;
pub mod clock;
pub mod delays;
pub mod identity;
pub mod log;
pub mod store_time;
pub mod tap;
pub mod tasks;
pub mod tls;
