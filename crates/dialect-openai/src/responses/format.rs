//! The id of the Responses format.

use interline_core::FormatId;

/// The id of the Responses format.
pub const FORMAT: FormatId = FormatId::from_static("openai.responses");
