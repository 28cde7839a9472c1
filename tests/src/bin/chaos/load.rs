//! Who calls, how often, and how patiently.

mod arrivals;
mod call;

pub(crate) use arrivals::arrivals;
pub(crate) use call::{Burst, Call, GiveUp, Load, Priority};
