//! Models: what they cost, how much they read and write, and what they can do.
//!
//! The facts are a data file that is compiled in; `data/SOURCES.md` says where they come from.
//! A fact that the file does not hold is `None`, never zero: an unknown price must not look free.
//!
//! ```
//! use interline_catalog::Catalog;
//! use interline_core::Usage;
//!
//! let catalog = Catalog::embedded();
//! let model = catalog.find("openai", "gpt-4o").expect("a well-known model");
//! let cost = model.cost(&Usage::new(1_000, 100)).expect("a known price");
//! assert_eq!(cost.to_string(), "0.0035");
//! ```

mod catalog;
mod data_file;
mod estimate;
mod model_info;
mod prices;
mod tier;

pub use catalog::Catalog;
pub use estimate::estimate_input_tokens;
pub use model_info::{ModelInfo, ModelMode, ModelStatus};
pub use prices::{LongContext, Prices, Rates};
pub use tier::Tier;
