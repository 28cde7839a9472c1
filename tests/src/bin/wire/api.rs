//! Which adapter reads which recorded wire protocol.

use std::sync::Arc;

use bytes::Bytes;
use interline::anthropic::Anthropic;
use interline::groq::Groq;
use interline::local::Local;
use interline::openai::OpenAi;
use interline::together::Together;
use interline::{ChatRequest, DynProvider, Result};
use interline_testkit::{RecordedCase, UsageRule};

/// How to replay one wire protocol.
pub(crate) struct Api {
    /// What follows the base URL in the path of a chat call.
    pub(crate) call_path: &'static str,
    pub(crate) usage: UsageRule,
    pub(crate) decode_request: fn(Bytes) -> Result<ChatRequest>,
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
                call_path: "/v1/messages",
                usage: UsageRule::InputExcludesCache,
                decode_request: |body| {
                    Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
                },
                provider: anthropic,
            });
        }
        _ => return None,
    };
    Some(Api {
        call_path: "/chat/completions",
        usage: UsageRule::InputIncludesCache,
        decode_request: |body| {
            Ok(interline_dialect_openai::decode_request(body, Vec::new())?.request)
        },
        provider,
    })
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

fn anthropic(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Anthropic::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}
