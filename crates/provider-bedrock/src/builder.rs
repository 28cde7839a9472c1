//! Makes a connection to Bedrock from code.

use std::fmt;

use http::{HeaderMap, header};
use interline_core::{Error, Result};
use interline_transport::{ConnectionParts, bearer_header, connection_setters};
use secrecy::SecretString;

use crate::Bedrock;
use crate::address::{Address, check_region};
use crate::signing::Signer;

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "bedrock";

/// Makes a connection to Bedrock; the region and either a bearer key or an access key are needed.
pub struct BedrockBuilder {
    connection: ConnectionParts,
    region: Option<String>,
    access_key: Option<(String, SecretString)>,
    session_token: Option<SecretString>,
}

impl Default for BedrockBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
            region: None,
            access_key: None,
            session_token: None,
        }
    }
}

impl BedrockBuilder {
    connection_setters! {
        api_key: "Sets a Bedrock API key, which is sent as a bearer token.",
        base_url: "Says where the runtime is: its host, any path before the API's own kept. Default `https://bedrock-runtime.REGION.amazonaws.com`.",
    }

    /// Says in which region of AWS, such as `us-east-1`. It may be left out only where a bearer key goes
    /// to a `base_url`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets an access key, with which every request is signed.
    #[must_use]
    pub fn access_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.access_key = Some((id.into(), SecretString::from(secret.into())));
        self
    }

    /// Adds the token that belongs to a temporary access key.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(SecretString::from(token.into()));
        self
    }

    /// Makes the connection. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where the region is missing or wrong, where there is neither key nor a header
    /// that stands for one, or both keys, or where a key or header cannot be sent; what
    /// [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<Bedrock> {
        let mut headers = self.connection.settings.header_map()?;
        let wrong = |param: &str, told: &str| {
            let message = format!("provider `{}` of kind `{KIND}` {told}", self.connection.id);
            Error::invalid_request(message).with_param(param)
        };
        let region = self.region.as_deref();
        region.map(check_region).transpose()?;
        let address = match (&self.connection.settings.base_url, region) {
            (Some(base_url), _) => Address::at(base_url)?,
            (None, Some(region)) => Address::of_region(region)?,
            (None, None) => return Err(wrong("region", NO_REGION)),
        };
        let signer = match (&self.connection.settings.api_key, &self.access_key) {
            (Some(_), Some(_)) => return Err(wrong("api_key", BOTH_KEYS)),
            (Some(key), None) => {
                headers.insert(header::AUTHORIZATION, bearer_header(key)?);
                None
            }
            (None, Some((id, secret))) => {
                let region = region.ok_or_else(|| wrong("region", NO_REGION))?;
                // Both travel in headers, the token as it is.
                bearer_header(&SecretString::from(id.as_str()))?;
                self.session_token.as_ref().map(bearer_header).transpose()?;
                Some(Signer::new(id, secret, self.session_token.as_ref(), region))
            }
            (None, None) if has_credential(&headers) => None,
            (None, None) => return Err(wrong("api_key", NO_KEY)),
        };
        let transport = self.connection.transport()?;
        Ok(Bedrock {
            id: self.connection.id,
            transport,
            address,
            headers,
            signer,
        })
    }
}

const NO_REGION: &str = "has no region: set it, for example to us-east-1";

const BOTH_KEYS: &str =
    "has an api_key and an access key: leave one of them out, since one of them would not be used";

const NO_KEY: &str = "has no key: set api_key, for example to \"${AWS_BEARER_TOKEN_BEDROCK}\", or \
    access_key_id and secret_access_key, for example to \"${AWS_ACCESS_KEY_ID}\" and \
    \"${AWS_SECRET_ACCESS_KEY}\"";

/// Whether the extra headers hold a credential: proxies that sign by themselves take one of their own.
fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
}

impl fmt::Debug for BedrockBuilder {
    /// Leaves the access key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockBuilder")
            .field("id", &self.connection.id)
            .field("region", &self.region)
            .field("settings", &self.connection.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{Feature, Provider, ProviderSet};

    use super::*;

    #[track_caller]
    fn refused(builder: BedrockBuilder, param: &str, told: &str) {
        let error = builder.build().expect_err("refused");
        assert_eq!(error.param(), Some(param), "{error}");
        assert!(error.message().contains(told), "{error}");
    }

    #[test]
    fn a_region_and_one_key_are_needed() {
        let of_region = || Bedrock::builder().id("mine").region("us-east-1");
        refused(of_region(), "api_key", "${AWS_BEARER_TOKEN_BEDROCK}");
        refused(
            of_region().api_key("k").access_key("i", "s"),
            "api_key",
            "leave one",
        );
        refused(Bedrock::builder().api_key("k"), "region", "set it");
        let signed = Bedrock::builder()
            .base_url("https://h")
            .access_key("i", "s");
        refused(signed, "region", "set it");
        refused(
            Bedrock::builder().region("a/b").api_key("k"),
            "region",
            "`a/b`",
        );
        of_region().api_key("k").build().expect("a bearer key");
        of_region()
            .access_key("i", "s")
            .build()
            .expect("an access key");
        let proxied = Bedrock::builder().base_url("https://h");
        proxied
            .header("authorization", "Bearer t")
            .build()
            .expect("a proxy's own key");
    }

    #[test]
    fn keys_that_no_header_holds_are_refused_without_being_shown() {
        let of_region = || Bedrock::builder().region("us-east-1");
        for builder in [
            of_region().api_key("sec\nret"),
            of_region().access_key("sec\nret", "s"),
            of_region().access_key("i", "s").session_token("sec\nret"),
        ] {
            let error = builder.build().expect_err("a line break");
            assert!(!error.to_string().contains("ret\""), "{error}");
        }
    }

    #[test]
    fn a_connection_is_a_provider_set_and_hides_its_keys() {
        let builder = || {
            let builder = Bedrock::builder().region("us-east-1");
            builder.access_key("AKID", "hidden").session_token("hidden")
        };
        let bedrock = builder().build().expect("good settings");
        let shown = format!("{bedrock:?} {:?}", builder());
        assert!(
            !shown.contains("hidden") && !shown.contains("AKID"),
            "{shown}"
        );
        let set: ProviderSet = bedrock.into();
        assert_eq!(set.chat.id().as_str(), "bedrock");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
    }

    #[test]
    fn what_a_model_takes_depends_on_its_maker() {
        let bedrock = Bedrock::builder().region("us-east-1").api_key("k");
        let bedrock = bedrock.build().expect("good settings");
        let has = |model: &str, feature| {
            bedrock
                .capabilities(&model.into())
                .features
                .contains(feature)
        };
        let claude = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
        assert!(has(claude, Feature::JsonSchema) && has(claude, Feature::Reasoning));
        let nova = "amazon.nova-lite-v1:0";
        assert!(has(nova, Feature::TopK) && !has(nova, Feature::JsonSchema));
        for model in [claude, nova] {
            assert!(has(model, Feature::Tools) && !has(model, Feature::JsonObject));
        }
    }
}
