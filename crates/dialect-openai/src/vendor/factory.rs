//! Makes providers of one vendor from configuration.

use std::fmt;
use std::marker::PhantomData;

use interline_core::{ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_transport::ConnectionSettings;
use serde_json::Value;

use super::{ResponsesRule, Vendor, VendorChat};
use crate::ChatApi;

/// Makes providers of the vendor `V` from configuration.
pub struct VendorFactory<V>(PhantomData<fn() -> V>);

impl<V> VendorFactory<V> {
    /// The vendor's factory; it holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<V> Default for VendorFactory<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Vendor> fmt::Debug for VendorFactory<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VendorFactory")
            .field(&V::PROFILE.kind)
            .finish()
    }
}

impl<V: Vendor> ProviderFactory for VendorFactory<V> {
    fn kind(&self) -> &str {
        V::PROFILE.kind
    }

    fn settings_schema(&self) -> Value {
        let mut schema = ConnectionSettings::schema();
        if V::PROFILE.responses != ResponsesRule::None {
            schema["properties"][ChatApi::SETTING] = ChatApi::schema();
        }
        schema
    }

    fn key_variable(&self) -> Option<&str> {
        V::PROFILE.key_variable()
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        Ok(VendorChat::<V>::from_settings(&settings)?.into())
    }
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::embeddings::EmbeddingQuirks;
    use crate::{KeyRule, Quirks, VendorProfile};

    #[derive(Debug)]
    struct Acme;

    impl Vendor for Acme {
        const PROFILE: VendorProfile = VendorProfile::new(
            "acme",
            "https://api.acme.example/v1",
            KeyRule::Required {
                variable: "ACME_API_KEY",
            },
            Quirks::new(),
        )
        .with_embeddings("embed", EmbeddingQuirks::new())
        .with_failure_domain("acme-cloud");
    }

    #[derive(Debug)]
    struct Plain;

    impl Vendor for Plain {
        const PROFILE: VendorProfile = VendorProfile::new(
            "plain",
            "https://plain.example/v1",
            KeyRule::Optional,
            Quirks::new(),
        )
        .without_models();
    }

    const FACTORY: VendorFactory<Acme> = VendorFactory::new();

    #[test]
    fn a_missing_key_is_an_error_that_says_what_to_set() {
        let error = FACTORY
            .build(ProviderSettings::new("mine", json!({})))
            .expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${ACME_API_KEY}"), "{error}");
    }

    #[test]
    fn only_the_vendors_own_address_is_in_its_failure_domain() {
        let domain = |values| {
            let set = FACTORY
                .build(ProviderSettings::new("mine", values))
                .expect("a provider");
            set.failure_domain.map(|domain| domain.to_string())
        };
        assert_eq!(
            domain(json!({"api_key": "k"})).as_deref(),
            Some("acme-cloud")
        );
        let proxy = json!({"api_key": "k", "base_url": "http://127.0.0.1:1/v1"});
        assert_eq!(domain(proxy), None);
    }

    #[test]
    fn a_connection_offers_what_the_profile_declares() {
        let offered = |set: ProviderSet| {
            let shown = format!("{:?} {:?}", set.embed, set.models);
            (set.embed.is_some(), set.models.is_some(), shown)
        };
        let settings = ProviderSettings::new("mine", json!({"api_key": "secret-key"}));
        let (embed, models, shown) = offered(FACTORY.build(settings).expect("a key is enough"));
        assert!(embed && models, "{shown}");
        assert!(shown.contains("\"embed\""), "{shown}");
        assert!(!shown.contains("secret-key"), "{shown}");
        let plain = VendorChat::<Plain>::builder().build().expect("no key");
        assert!(plain.embeddings().is_none() && plain.models().is_none());
        let (embed, models, _) = offered(plain.into());
        assert!(!embed && !models);
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = FACTORY.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert_eq!(
            (FACTORY.kind(), FACTORY.key_variable()),
            ("acme", Some("ACME_API_KEY"))
        );
    }
}
