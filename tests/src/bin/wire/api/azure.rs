//! Azure: version, flavour and deployment stand in the path.

use interline_dialect_openai::embeddings::decode_request as decode_embeddings;
use interline_testkit::{RecordedCase, UsageRule};
use serde_json::json;

use super::{Api, Call, ChatCall, Connect, EmbeddingsCall, kind_with, responses};

/// Where a recorded call went.
struct Place {
    /// What follows the resource's host.
    call_path: Option<String>,
    deployment: Option<String>,
    connect: Connect,
}

/// Chat Completions. The model of the body is not read where the path names a deployment.
pub(super) fn chat(case: &RecordedCase) -> Api {
    let Place {
        call_path,
        deployment,
        connect,
    } = place(case);
    Api {
        call_path: call_path.map(Into::into),
        connect,
        call: Call::Chat(ChatCall {
            unread_keys: unread_keys(deployment.as_deref()),
            usage: UsageRule::InputIncludesCache,
            decode_request: Box::new(move |body| {
                let request = interline_dialect_openai::decode_request(body, Vec::new())?.request;
                Ok(match &deployment {
                    Some(deployment) => request.for_model(deployment.as_str()),
                    None => request,
                })
            }),
        }),
    }
}

/// Responses: the model stands in the body.
pub(super) fn responses(case: &RecordedCase) -> Api {
    let place = place(case);
    responses::api(case, place.call_path, place.connect)
}

/// Embeddings, beside chat.
pub(super) fn embeddings(case: &RecordedCase) -> Api {
    let Place {
        call_path,
        deployment,
        connect,
    } = place(case);
    Api {
        call_path: call_path.map(Into::into),
        connect,
        call: Call::Embeddings(EmbeddingsCall {
            unread_keys: unread_keys(deployment.as_deref()),
            decode_request: Box::new(move |body| {
                let request = decode_embeddings(body)?.request;
                Ok(match &deployment {
                    Some(deployment) => request.for_model(deployment.as_str()),
                    None => request,
                })
            }),
        }),
    }
}

fn unread_keys(deployment: Option<&str>) -> &'static [&'static str] {
    match deployment {
        Some(_) => &["model"],
        None => &[],
    }
}

fn place(case: &RecordedCase) -> Place {
    let (path, query) = match case.request.path.split_once('?') {
        Some((path, query)) => (path, query),
        None => (case.request.path.as_str(), ""),
    };
    let known = ["/openai/", "/models/"];
    let start = known.iter().find_map(|folder| path.find(folder));
    let flavor = if path.contains("/models/") {
        "foundry"
    } else {
        "openai"
    };
    // What is made of types goes to the preferred API.
    let api = if path.ends_with("/responses") {
        "responses"
    } else {
        "chat"
    };
    let version = query.strip_prefix("api-version=");
    let deployment = path.split_once("/deployments/");
    Place {
        call_path: start.map(|start| path[start..].to_owned()),
        deployment: deployment
            .and_then(|(_, rest)| rest.split('/').next())
            .map(str::to_owned),
        connect: kind_with(
            "azure-openai",
            json!({"flavor": flavor, "api_version": version, "api": api}),
        ),
    }
}
