//! How far the estimate of tokens is off, measured on recorded requests and what their vendors
//! reported. The figures stand in the module's documentation.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test a panic is the report; figures and skips are told loudly"
)]

use std::path::{Path, PathBuf};

use interline_catalog::estimate_input_tokens;
use interline_core::{ChatRequest, Feature};
use interline_dialect_anthropic as anthropic;
use interline_dialect_openai as openai;
use serde_json::Value;

/// Wishes whose tokens the vendor adds on its own side: pages, documents, plug-ins.
const VENDOR_SIDE: [&str; 9] = [
    "cached_content",
    "container",
    "context_management",
    "documents",
    "mcp_servers",
    "plugins",
    "reasoning_format",
    "web_search_options",
    "compound_custom",
];

fn recordings() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/wire");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no recorded traffic at {}", folder.display());
    None
}

/// Each recorded request without media, with the model and the tokens that the vendor says it read.
fn cases(speaks: impl Fn(&str) -> bool) -> Vec<(String, ChatRequest, u64)> {
    let Some(folder) = recordings() else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| std::fs::read_dir(entry.unwrap().path()).ok())
        .flat_map(|files| files.map(|file| file.unwrap().path()))
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| {
            let case: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).ok()?;
            let api = case["api"].as_str().filter(|api| speaks(api))?;
            let usage = &case["expected"]["usage"];
            let read = usage["input_tokens"].as_u64().filter(|read| *read > 0)?;
            let model = case["model"].as_str()?;
            let is_cached = usage
                .as_object()?
                .iter()
                .any(|(name, figure)| name.contains("cache") && figure.as_u64() > Some(0));
            let body = case["request"]["body"].as_object()?;
            let is_vendor_side = VENDOR_SIDE.iter().any(|name| body.contains_key(*name));
            if is_cached || is_vendor_side || model.contains("compound") {
                return None;
            }
            let bytes = serde_json::to_vec(body).unwrap().into();
            let request = if api.starts_with("anthropic") {
                anthropic::decode_request(bytes, Vec::new()).ok()?.request
            } else {
                openai::decode_request(bytes, Vec::new()).ok()?.request
            };
            let media = [Feature::Images, Feature::Audio, Feature::Files];
            let has_media = media.iter().any(|one| request.features().contains(*one));
            (request.native_needs().is_empty() && !has_media)
                .then(|| (model.to_owned(), request, read))
        })
        .collect()
}

/// Half of the estimates are off by at most `median` percent, nine of ten by at most `tenth`.
#[track_caller]
fn check(name: &str, cases: &[(String, ChatRequest, u64)], median: u64, tenth: u64) {
    if cases.is_empty() {
        return;
    }
    let mut errors: Vec<u64> = cases
        .iter()
        .map(|(model, request, read)| {
            estimate_input_tokens(request, model).abs_diff(*read) * 100 / read
        })
        .collect();
    errors.sort_unstable();
    let at = |tenths: usize| errors[(errors.len() * tenths / 10).min(errors.len() - 1)];
    let (half, most) = (at(5), at(9));
    eprintln!(
        "{name}: {} requests, median {half} %, nine of ten {most} %",
        cases.len()
    );
    assert!(cases.len() > 30, "{name}: too few recordings were read");
    assert!(
        half <= median && most <= tenth,
        "{name}: {half} %, {most} %"
    );
}

#[test]
fn the_error_is_no_larger_than_the_documentation_says() {
    let messages = cases(|api| api == "anthropic.messages");
    check("anthropic.messages", &messages, 17, 30);
    let vendors_of_their_own = ["cohere", "ollama.chat"];
    let chat = cases(|api| {
        (api.ends_with(".chat") || api == "ollama.openai-chat")
            && !vendors_of_their_own
                .iter()
                .any(|name| api.starts_with(name))
    });
    check("chat completions", &chat, 18, 65);
}
