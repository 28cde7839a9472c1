//! Vendors that speak OpenAI's formats.

use interline_dialect_openai::embeddings::decode_request as decode_embeddings;
use interline_testkit::{RecordedCase, UsageRule};

use serde_json::json;

use super::{Api, Call, ChatCall, Connect, EmbeddingsCall, kind, kind_with, responses};

/// How to replay a protocol of OpenAI's formats; `None` for any other.
pub(super) fn of(api: &str, case: &RecordedCase) -> Option<Api> {
    let (vendor, operation) = api.split_once('.')?;
    let connect = kind(kind_of(vendor)?);
    Some(match operation {
        "chat" | "openai-chat" => chat("/chat/completions", connect),
        "responses" => {
            let own = json!({"api": "responses"});
            let connect = kind_with(kind_of(vendor)?, own);
            responses::api(case, Some("/responses".to_owned()), connect)
        }
        "embeddings" | "openai-embeddings" => embeddings("/embeddings", connect),
        "models" => Api {
            call_path: Some("/models".into()),
            connect,
            call: Call::Models,
        },
        _ => return None,
    })
}

/// The kind that serves a recorded vendor.
fn kind_of(vendor: &str) -> Option<&'static str> {
    Some(match vendor {
        "cerebras" => "cerebras",
        "deepseek" => "deepseek",
        "groq" => "groq",
        "mistral" => "mistral",
        "openai" => "openai",
        "openrouter" => "openrouter",
        "perplexity" => "perplexity",
        "together" => "together",
        "xai" => "xai",
        "ollama" | "llamacpp" | "vllm" | "huggingface" | "zai" | "gpustack" | "vercel-gateway" => {
            "local"
        }
        _ => return None,
    })
}

fn embeddings(call_path: &'static str, connect: Connect) -> Api {
    Api {
        call_path: Some(call_path.into()),
        connect,
        call: Call::Embeddings(EmbeddingsCall {
            unread_keys: &[],
            decode_request: Box::new(|body| Ok(decode_embeddings(body)?.request)),
        }),
    }
}

fn chat(call_path: &'static str, connect: Connect) -> Api {
    Api {
        call_path: Some(call_path.into()),
        connect,
        call: Call::Chat(ChatCall {
            unread_keys: &[],
            usage: UsageRule::InputIncludesCache,
            decode_request: Box::new(|body| {
                Ok(interline_dialect_openai::decode_request(body, Vec::new())?.request)
            }),
        }),
    }
}
