//! Which adapter reads which recorded wire protocol.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use interline::anthropic::Anthropic;
use interline::azure_openai::{AzureOpenAi, Flavor};
use interline::cerebras::Cerebras;
use interline::deepseek::DeepSeek;
use interline::google::Google;
use interline::groq::Groq;
use interline::local::Local;
use interline::mistral::Mistral;
use interline::openai::OpenAi;
use interline::openrouter::OpenRouter;
use interline::perplexity::Perplexity;
use interline::together::Together;
use interline::xai::Xai;
use interline::{ChatRequest, DynProvider, Result};
use interline_testkit::{RecordedCase, UsageRule};

/// Makes the provider that calls a base URL.
pub(crate) type MakeProvider = Box<dyn Fn(&str) -> Result<DynProvider>>;

/// How to replay one wire protocol.
pub(crate) struct Api {
    /// What follows the base URL in the path of a chat call; `None` where the recorded client called an
    /// address that is none of the vendor's, so that only the answer can be compared.
    pub(crate) call_path: Option<Cow<'static, str>>,
    /// Keys of the body that say what the vendor reads elsewhere.
    pub(crate) unread_keys: &'static [&'static str],
    pub(crate) usage: UsageRule,
    pub(crate) decode_request: Box<dyn Fn(Bytes) -> Result<ChatRequest>>,
    pub(crate) provider: MakeProvider,
}

/// The adapter for a case; `None` for protocols that no adapter speaks yet.
pub(crate) fn of(case: &RecordedCase) -> Option<Api> {
    let provider: fn(&str) -> Result<DynProvider> = match case.api.as_str() {
        "azure.chat" => return Some(azure(case)),
        "cerebras.chat" => cerebras,
        "deepseek.chat" => deepseek,
        "mistral.chat" => mistral,
        "openai.chat" => openai,
        "openrouter.chat" => openrouter,
        "perplexity.chat" => perplexity,
        "xai.chat" => xai,
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
                call_path: Some("/v1/messages".into()),
                unread_keys: &[],
                usage: UsageRule::InputExcludesCache,
                decode_request: Box::new(|body| {
                    Ok(interline_dialect_anthropic::decode_request(body, Vec::new())?.request)
                }),
                provider: Box::new(anthropic),
            });
        }
        "gemini.generateContent" | "gemini.streamGenerateContent" => {
            return Some(generate_content(case, google));
        }
        _ => return None,
    };
    Some(Api {
        call_path: Some("/chat/completions".into()),
        unread_keys: &[],
        usage: UsageRule::InputIncludesCache,
        decode_request: Box::new(|body| {
            Ok(interline_dialect_openai::decode_request(body, Vec::new())?.request)
        }),
        provider: Box::new(provider),
    })
}

/// Azure: version, flavour and deployment stand in the path; the model of the body is not read.
fn azure(case: &RecordedCase) -> Api {
    let (path, query) = case.request.path.split_once('?').unwrap_or_default();
    let path = if path.is_empty() {
        &case.request.path
    } else {
        path
    };
    let version = query.strip_prefix("api-version=").map(str::to_owned);
    let known = ["/openai/", "/models/"];
    let start = known.iter().find_map(|folder| path.find(folder));
    let flavor = if path.contains("/models/") {
        Flavor::Foundry
    } else {
        Flavor::OpenAi
    };
    let deployment = path
        .split_once("/deployments/")
        .and_then(|(_, rest)| rest.split('/').next())
        .map(str::to_owned);
    Api {
        call_path: start.map(|start| path[start..].to_owned().into()),
        unread_keys: if deployment.is_some() {
            &["model"]
        } else {
            &[]
        },
        usage: UsageRule::InputIncludesCache,
        decode_request: Box::new(move |body| {
            let request = interline_dialect_openai::decode_request(body, Vec::new())?.request;
            Ok(match &deployment {
                Some(deployment) => request.for_model(deployment.as_str()),
                None => request,
            })
        }),
        provider: Box::new(move |base_url| {
            let azure = AzureOpenAi::builder()
                .api_key(KEY)
                .base_url(base_url)
                .flavor(flavor)
                .api_version(version.clone())
                .build()?;
            Ok(Arc::new(azure))
        }),
    }
}

/// Google's format: the model stands in the path, not in the body.
fn generate_content(case: &RecordedCase, provider: fn(&str) -> Result<DynProvider>) -> Api {
    let path = case.request.path.split('?').next().unwrap_or_default();
    let call_path = path.rfind("/models/").map_or("", |start| &path[start..]);
    let model = case.model.clone().unwrap_or_default();
    Api {
        call_path: Some(call_path.to_owned().into()),
        unread_keys: &[],
        usage: UsageRule::OutputExcludesThinking,
        decode_request: Box::new(move |body| {
            interline_dialect_gemini::decode_request(model.as_str(), body)
        }),
        provider: Box::new(provider),
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

fn cerebras(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Cerebras::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}

fn deepseek(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        DeepSeek::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}

fn mistral(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Mistral::builder().api_key(KEY).base_url(base_url).build()?,
    ))
}

fn openrouter(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        OpenRouter::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}

fn perplexity(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Perplexity::builder()
            .api_key(KEY)
            .base_url(base_url)
            .build()?,
    ))
}

fn xai(base_url: &str) -> Result<DynProvider> {
    Ok(Arc::new(
        Xai::builder().api_key(KEY).base_url(base_url).build()?,
    ))
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
