//! No input makes anything panic.

use bytes::Bytes;
use http::HeaderMap;
use interline_dialect_gemini::{
    Quirks, StreamDecoder, decode_count_response, decode_embed_request, decode_embed_response,
    decode_error, decode_model_page, decode_request, decode_response, encode_embed_request,
    encode_request,
};
use interline_transport::SseEvent;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use serde_json::Value;

const KEYS: [&str; 40] = [
    "requests",
    "taskType",
    "outputDimensionality",
    "embedding",
    "embeddings",
    "values",
    "models",
    "publisherModels",
    "nextPageToken",
    "totalTokens",
    "candidates",
    "content",
    "contents",
    "parts",
    "text",
    "thought",
    "thoughtSignature",
    "functionCall",
    "functionResponse",
    "name",
    "args",
    "id",
    "response",
    "inlineData",
    "fileData",
    "mimeType",
    "data",
    "fileUri",
    "finishReason",
    "index",
    "usageMetadata",
    "promptTokenCount",
    "promptFeedback",
    "blockReason",
    "error",
    "details",
    "tools",
    "functionDeclarations",
    "generationConfig",
    "thinkingConfig",
];

/// JSON made of the words of the format in the wrong places.
fn confused_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u64..3).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec!["user", "model", "STOP", "s", "image/png", ""]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 50, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(KEYS.to_vec()), inner), 0..7).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

fn read_everywhere(data: &Bytes, decoder: &mut StreamDecoder) {
    if let Ok(mut request) = decode_request("gemini-3-pro", data.clone()) {
        request.edit(|_| {});
        let _ = encode_request(&request, &Quirks::default());
    }
    if let Ok(request) = decode_embed_request("m", data.clone()) {
        let _ = encode_embed_request(&request);
        let _ = encode_embed_request(&request.edited(|_| {}));
    }
    let _ = decode_embed_response("m", data.clone());
    let _ = decode_model_page(data);
    let _ = decode_count_response(data.clone());
    let _ = decode_response(data.clone());
    let _ = decode_error(500, &HeaderMap::new(), data.clone());
    let _ = decoder.push(SseEvent::new(None, data.clone()));
}

proptest! {
    #[test]
    fn no_json_makes_anything_panic(values in vec(confused_json(), 1..6)) {
        let mut decoder = StreamDecoder::new();
        for value in values {
            read_everywhere(&Bytes::from(value.to_string()), &mut decoder);
            let parts = serde_json::json!({"candidates": [{"content": {"parts": value}}]});
            read_everywhere(&Bytes::from(parts.to_string()), &mut decoder);
            let parts = serde_json::json!({"contents": [{"parts": value}]});
            read_everywhere(&Bytes::from(parts.to_string()), &mut decoder);
        }
        let _ = decoder.finish();
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_everywhere(&Bytes::from(bytes), &mut StreamDecoder::new());
    }
}
