//! What the vendors of this format have in common: defaults as data, one builder, one provider type, one factory.
//!
//! A vendor's crate is a profile and two names; see the crate of any such vendor.

mod builder;
mod chat;
mod factory;
mod profile;

pub use builder::VendorBuilder;
pub use chat::VendorChat;
pub use factory::VendorFactory;
pub use profile::{KeyRule, ResponsesRule, Vendor, VendorEmbeddings, VendorProfile};
