//! Reading of JSON documents by hand: fields by type, and what is wrong with them, by path.
//!
//! For formats whose documents no derive can read, because unknown parts must survive and a wrong value
//! must be named by its place.

mod caller_field;
mod fields;
mod flaw;
mod position;

pub use caller_field::{CallerWords, caller_field};
pub use fields::Fields;
pub use flaw::{Flaw, Segment};
