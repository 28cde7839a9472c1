//! What a call will cost, before it is made, and the most that it may.

mod cap;
mod estimate;
mod output_habit;

pub use cap::CostCap;
pub use estimate::{CallSize, DEFAULT_OUTPUT_TOKENS};
pub use output_habit::OutputHabit;
