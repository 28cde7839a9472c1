//! What the vendors of this format have in common: defaults as data, one builder, one provider type.
//!
//! A vendor's crate is a profile, a factory and two names; see the crate of any such vendor.

mod builder;
mod chat;
mod profile;

pub use builder::VendorBuilder;
pub use chat::VendorChat;
pub use profile::{KeyRule, Vendor, VendorProfile};
