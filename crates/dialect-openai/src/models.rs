//! The list of models in the shape that OpenAI's has, and a provider that asks for it.
//!
//! ```
//! use interline_dialect_openai::models::decode_models;
//!
//! let body = r#"{"object": "list", "data": [{"id": "llama", "context_window": 8192}]}"#;
//! let models = decode_models(&body.into())?;
//! assert_eq!(models[0].id, "llama");
//! assert_eq!(models[0].context_window, Some(8192));
//! # Ok::<(), interline_core::Error>(())
//! ```

mod adapter;
mod decode;

pub use adapter::ModelsAdapter;
pub use decode::decode_models;
