//! Chat over two APIs of one vendor: which of them serves a call.
//!
//! A call that arrived as Responses, or that asks for what only Responses has, goes there; so does one
//! of Chat Completions. Every other call goes to the API that the configuration prefers, unless the
//! preferred one lacks what the call needs.

use std::str::FromStr;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, Feature, FormatId,
    Importance, ModelId, Provider, ProviderId, Result, async_trait,
};

use crate::responses::{self, ResponsesAdapter};
use crate::{ChatAdapter, FORMAT};

/// Which of a vendor's APIs serves a chat call that either could serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatApi {
    /// Chat Completions.
    #[default]
    Chat,
    /// Responses.
    Responses,
}

impl ChatApi {
    /// The name of the setting that chooses.
    pub const SETTING: &'static str = "api";

    /// JSON Schema of the setting.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        serde_json::json!({
            "enum": ["chat", "responses"],
            "default": "chat",
            "description": "Which API serves calls that arrive in another format.",
        })
    }

    /// Reads the setting; absent is the default.
    ///
    /// # Errors
    /// `InvalidRequest` where it is no word of the two.
    pub fn from_setting(value: Option<&serde_json::Value>) -> Result<Self> {
        match value {
            None | Some(serde_json::Value::Null) => Ok(Self::default()),
            Some(serde_json::Value::String(word)) => word.parse(),
            Some(_) => Err(unknown("no text")),
        }
    }
}

impl FromStr for ChatApi {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "chat" => Ok(Self::Chat),
            "responses" => Ok(Self::Responses),
            other => Err(unknown(&format!("`{other}`"))),
        }
    }
}

fn unknown(given: &str) -> Error {
    Error::invalid_request(format!("api is {given}; write `chat` or `responses`"))
        .with_param(ChatApi::SETTING)
}

/// Chat over the APIs that a vendor has.
#[derive(Debug)]
pub struct ChatApis {
    chat: ChatAdapter,
    responses: Option<ResponsesAdapter>,
    preferred: ChatApi,
}

impl ChatApis {
    /// A vendor that has Chat Completions only.
    #[must_use]
    pub const fn chat_only(chat: ChatAdapter) -> Self {
        Self {
            chat,
            responses: None,
            preferred: ChatApi::Chat,
        }
    }

    /// A vendor that has both.
    #[must_use]
    pub const fn both(chat: ChatAdapter, responses: ResponsesAdapter, preferred: ChatApi) -> Self {
        Self {
            chat,
            responses: Some(responses),
            preferred,
        }
    }

    /// The API that serves `request`.
    fn serving(&self, request: &ChatRequest) -> &dyn Provider {
        let Some(responses) = &self.responses else {
            return &self.chat;
        };
        if is_of(request, &responses::FORMAT) {
            return responses;
        }
        let lacks = |provider: &dyn Provider| {
            let able = provider.capabilities(&request.model);
            able.lacks(request.features()).next().is_some()
        };
        match self.preferred {
            ChatApi::Responses if !needs(request, &FORMAT) && !lacks(responses) => responses,
            _ => &self.chat,
        }
    }
}

/// Whether the request arrived in `format` or needs it. An edited request has no origin; fields that
/// only the format knows still tell where it came from.
fn is_of(request: &ChatRequest, format: &FormatId) -> bool {
    request.origin_in(format).is_some()
        || request.extra.format() == Some(format)
        || needs(request, format)
}

fn needs(request: &ChatRequest, format: &FormatId) -> bool {
    let needs = request.native_needs();
    needs.iter().any(|need| need.format == *format)
}

#[async_trait]
impl Provider for ChatApis {
    fn id(&self) -> &ProviderId {
        self.chat.id()
    }

    /// What the preferred API takes, and what makes a call go to the other one.
    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut able = self.chat.capabilities(model);
        let Some(responses) = &self.responses else {
            return able;
        };
        let there = responses.capabilities(model);
        if self.preferred == ChatApi::Responses {
            let semantic = |feature: &Feature| feature.importance() == Importance::Semantic;
            let both = able.features.iter().filter(semantic);
            able.features = both.chain(there.features.iter()).collect();
            able.leaves_out = there.leaves_out;
        }
        able.formats.extend(there.formats);
        able.refused.extend(there.refused);
        able
    }

    async fn complete(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        self.serving(request).complete(cx, request).await
    }

    async fn stream(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        self.serving(request).stream(cx, request).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.chat.health_check(cx).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::HeaderMap;
    use interline_core::{Message, NativeNeed, Origin};
    use interline_transport::{HttpConfig, HttpTransport, Transport};
    use serde_json::json;

    use super::*;
    use crate::Quirks;

    fn apis(preferred: ChatApi) -> ChatApis {
        let transport: Arc<dyn Transport> =
            Arc::new(HttpTransport::new(&HttpConfig::default()).expect("a transport"));
        let base = "http://127.0.0.1:9";
        let (headers, quirks) = (HeaderMap::new(), Quirks::new());
        let chat = ChatAdapter::new("v", Arc::clone(&transport), base, headers, quirks);
        let (headers, quirks) = (HeaderMap::new(), Quirks::new());
        let responses = ResponsesAdapter::new("v", transport, base, headers, quirks);
        ChatApis::both(chat, responses, preferred)
    }

    fn bare() -> ChatRequest {
        ChatRequest::new("m", [Message::user("Hi")])
    }

    fn arrived(format: FormatId) -> ChatRequest {
        bare().with_origin(Origin::new(format, Bytes::from_static(b"{}")))
    }

    fn needing(format: FormatId) -> ChatRequest {
        let mut request = bare();
        request.edit(|body| body.native.push(NativeNeed::new(format, "field")));
        request
    }

    #[track_caller]
    fn check(request: &ChatRequest, preferred: ChatApi, expected: ChatApi) {
        let apis = apis(preferred);
        let formats = apis.serving(request).capabilities(&request.model).formats;
        let format = match expected {
            ChatApi::Chat => FORMAT,
            ChatApi::Responses => responses::FORMAT,
        };
        assert_eq!(formats, [format]);
    }

    #[test]
    fn a_call_of_the_one_format_goes_to_its_api() {
        for preferred in [ChatApi::Chat, ChatApi::Responses] {
            check(&arrived(responses::FORMAT), preferred, ChatApi::Responses);
            check(&needing(responses::FORMAT), preferred, ChatApi::Responses);
            check(&needing(FORMAT), preferred, ChatApi::Chat);
        }
        let mut edited = bare();
        edited.edit(|body| {
            let fields = json!({"store": false})
                .as_object()
                .cloned()
                .unwrap_or_default();
            body.extra = interline_core::Extra::new(responses::FORMAT, fields);
        });
        check(&edited, ChatApi::Chat, ChatApi::Responses);
    }

    #[test]
    fn other_calls_go_to_the_preferred_api_unless_it_lacks_something() {
        check(&bare(), ChatApi::Chat, ChatApi::Chat);
        check(&bare(), ChatApi::Responses, ChatApi::Responses);
        check(&arrived(FORMAT), ChatApi::Responses, ChatApi::Responses);
        let stopped = bare().with_stop("END");
        check(&stopped, ChatApi::Responses, ChatApi::Chat);
    }

    #[test]
    fn both_formats_are_declared_and_hints_are_those_of_the_preferred_api() {
        let model = ModelId::from("m");
        let able = apis(ChatApi::Chat).capabilities(&model);
        assert_eq!(able.formats, [FORMAT, responses::FORMAT]);
        assert!(able.features.contains(Feature::Seed));
        let able = apis(ChatApi::Responses).capabilities(&model);
        assert!(able.features.contains(Feature::Stop));
        assert!(!able.features.contains(Feature::Seed));
    }

    #[test]
    fn the_setting_is_one_of_two_words() {
        assert_eq!(ChatApi::from_setting(None).expect("absent"), ChatApi::Chat);
        let responses = ChatApi::from_setting(Some(&json!("responses")));
        assert_eq!(responses.expect("known"), ChatApi::Responses);
        for wrong in [json!("completions"), json!(3)] {
            let error = ChatApi::from_setting(Some(&wrong)).expect_err("refused");
            assert_eq!(error.param(), Some("api"));
        }
    }
}
