//! Which adapter reads which recorded wire protocol.
//!
//! A file for each family of protocols says how its cases are replayed; a new protocol gets a line in
//! [`of`] and an entry in its family's file. Connections are made through the registry, as a
//! configuration makes them.

mod anthropic;
mod azure;
mod bedrock;
mod cohere;
mod google;
mod openai_like;
mod out_of_scope;
mod responses;
mod vertex;

use std::borrow::Cow;

use bytes::Bytes;
use interline::{ChatRequest, EmbedRequest, ProviderSet, ProviderSettings, Registry, Result};
use interline_testkit::{RecordedCase, UsageRule};
use serde_json::{Value, json};

/// What becomes of a recorded case.
pub(crate) enum Served {
    /// It is replayed.
    By(Api),
    /// Its protocol is not spoken on purpose; the reason, for the table.
    OutOfScope(&'static str),
    /// No adapter speaks its protocol yet.
    NotYet,
}

/// How to replay the cases of one wire protocol.
pub(crate) struct Api {
    /// What follows the base URL in the path of a call; `None` where the recorded client called an
    /// address that is none of the vendor's, so that only the answer can be compared.
    pub(crate) call_path: Option<Cow<'static, str>>,
    /// Makes the connection to a base URL.
    pub(crate) connect: Connect,
    /// What is called.
    pub(crate) call: Call,
}

/// Makes the connection to a base URL.
pub(crate) type Connect = Box<dyn Fn(&str) -> Result<ProviderSet>>;

/// What is called, and how the recorded request is read.
pub(crate) enum Call {
    Chat(ChatCall),
    Embeddings(EmbeddingsCall),
    /// The list of models, a request without a body.
    Models,
}

/// A chat call, whole or streamed as the case says.
pub(crate) struct ChatCall {
    /// Keys of the body that say what the vendor reads elsewhere.
    pub(crate) unread_keys: &'static [&'static str],
    pub(crate) usage: UsageRule,
    pub(crate) decode_request: Box<dyn Fn(Bytes) -> Result<ChatRequest>>,
}

/// An embeddings call.
pub(crate) struct EmbeddingsCall {
    /// Keys of the body that say what the vendor reads elsewhere.
    pub(crate) unread_keys: &'static [&'static str],
    pub(crate) decode_request: Box<dyn Fn(Bytes) -> Result<EmbedRequest>>,
}

/// How a case is replayed, or why it is not.
pub(crate) fn of(case: &RecordedCase) -> Served {
    if let Some(api) = bedrock::of(case) {
        return Served::By(api);
    }
    if let Some(reason) = out_of_scope::reason(&case.api) {
        return Served::OutOfScope(reason);
    }
    Served::By(match case.api.as_str() {
        "azure.chat" => azure::chat(case),
        "azure.embeddings" => azure::embeddings(case),
        "azure.responses" => azure::responses(case),
        "cohere.v2.chat" => cohere::chat(),
        "cohere.v2.embed" => cohere::embed(),
        api => {
            let family = anthropic::of(api)
                .or_else(|| google::of(api, case))
                .or_else(|| vertex::of(api, case))
                .or_else(|| openai_like::of(api, case));
            match family {
                Some(api) => api,
                None => return Served::NotYet,
            }
        }
    })
}

/// A key that no vendor knows.
const KEY: &str = "replayed";

/// Connections of a kind, as a configuration with address and key makes them.
fn kind(kind: &'static str) -> Connect {
    kind_with(kind, json!({}))
}

/// Connections of a kind that has more settings than address and key.
fn kind_with(kind: &'static str, own: Value) -> Connect {
    Box::new(move |base_url| {
        let mut settings = own.clone();
        settings["base_url"] = base_url.into();
        if settings.get("api_key").is_none() {
            settings["api_key"] = KEY.into();
        }
        Registry::standard().build(kind, ProviderSettings::new("replay", settings))
    })
}
