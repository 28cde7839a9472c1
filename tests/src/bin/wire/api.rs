//! Which adapter reads which recorded wire protocol.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use interline::anthropic::Anthropic;
use interline::google::Google;
use interline::groq::Groq;
use interline::local::Local;
use interline::openai::OpenAi;
use interline::together::Together;
use interline::{ChatRequest, DynProvider, Result};
use interline_testkit::{RecordedCase, UsageRule};

/// How to replay one wire protocol.
pub(crate) struct Api {
    /// What follows the base URL in the path of a chat call.
    pub(crate) call_path: Cow<'static, str>,
    pub(crate) usage: UsageRule,
    pub(crate) decode_request: Box<dyn Fn(Bytes) -> Result<ChatRequest>>,
    pub(crate) provider: fn(&str) -> Result<DynProvider>,
}

/// The adapter for a case; `None` for protocols that no adapter speaks yet.
pub(crate) fn of(case: &RecordedCase) -> Option<Api> {
    let provider = match case.api.as_str() {
        "openai.chat" => openai,
        "groq.chat" => groq,
        "together.chat" => together,
        "ollama.openai-chat"
        | "llamacpp.chat"
        | "vllm.chat"
        | "huggingface.chat"
        | "zai.chat"
        | "gpustack.chat"
        | "vercel-gateway.chat" => local,
        "anthropic.messages" => {
            return Some(Api {
                call_path: "/v1/messages".into(),
                usage: UsageRule::InputExcludesCache,
                decode_request: Box::new(|body| {
                    Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
                }),
                provider: anthropic,
            });
        }
        "gemini.generateContent" | "gemini.streamGenerateContent" => {
            return Some(generate_content(case, google));
        }
        _ => return None,
    };
    Some(Api {
        call_path: "/chat/completions".into(),
        usage: UsageRule::InputIncludesCache,
        decode_request: Box::new(|body| {
            Ok(interline_dialect_openai::decode_request(body, Vec::new())?.request)
        }),
        provider,
    })
}

/// Google's format: the model stands in the path, not in the body.
fn generate_content(case: &RecordedCase, provider: fn(&str) -> Result<DynProvider>) -> Api {
    let path = case.request.path.split('?').next().unwrap_or_default();
    let call_path = path.rfind("/models/").map_or("", |start| &path[start..]);
    let model = case.model.clone().unwrap_or_default();
    Api {
        call_path: call_path.to_owned().into(),
        usage: UsageRule::OutputExcludesThinking,
        decode_request: Box::new(move |body| {
            interline_dialect_gemini::decode_request(model.as_str(), body)
        }),
        provider,
    }
}

/// A key that no vendor knows; the local server does not ask.
const KEY: &str = "replayed";

fn openai(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        OpenAi::builder().api_key(KEY).base_url(base_url).build()?,
    ))
}

fn groq(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Groq::builder().api_key(KEY).base_url(base_url).build()?,
    ))
}

fn together(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Together::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}

fn local(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(Local::builder().base_url(base_url).build()?))
}

fn google(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Google::builder().api_key(KEY).base_url(base_url).build()?,
    ))
}

fn anthropic(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Anthropic::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}
