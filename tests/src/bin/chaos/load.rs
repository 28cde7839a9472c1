//! Who calls, how often, and how patiently.

mod arrivals;
mod call;
mod diurnal;

pub(crate) use arrivals::arrivals;
pub(crate) use call::{Burst, Call, GiveUp, Load, Priority};
pub(crate) use diurnal::Diurnal;
