//! What the tests of this crate share.

pub(crate) mod answer;
pub(crate) mod canned;
pub(crate) mod expected;
pub(crate) mod recording;
