//! No input makes anything panic.

use bytes::Bytes;
use http::HeaderMap;
use interline_dialect_anthropic::{
    Quirks, StreamDecoder, decode_count_request, decode_error, decode_request, decode_response,
    encode_count_request,
};
use interline_transport::SseEvent;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::Value;

/// JSON made of the words of the format in the wrong places.
fn confused_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("type"),
        Just("content"),
        Just("messages"),
        Just("role"),
        Just("text"),
        Just("input"),
        Just("delta"),
        Just("index"),
        Just("content_block"),
        Just("usage"),
        Just("model"),
        Just("max_tokens"),
        Just("error"),
        Just("message"),
        Just("id"),
        Just("name"),
        Just("source"),
    ];
    let word = prop_oneof![
        Just("text"),
        Just("tool_use"),
        Just("tool_result"),
        Just("thinking"),
        Just("image"),
        Just("content_block_start"),
        Just("content_block_delta"),
        Just("content_block_stop"),
        Just("message_start"),
        Just("message_delta"),
        Just("input_json_delta"),
        Just("user"),
        Just("error"),
        Just("server_tool_use"),
        Just("text_delta"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0u64..3).prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.clone(), inner), 0..7).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

fn read_everywhere(data: &Bytes, decoder: &mut StreamDecoder) {
    let _ = decode_request(data.clone(), Vec::new());
    if let Ok(request) = decode_count_request(data.clone(), Vec::new()) {
        let _ = encode_count_request(&request, &Quirks::default());
    }
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
        }
        let _ = decoder.finish();
    }

    #[test]
    fn no_bytes_make_anything_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_everywhere(&Bytes::from(bytes), &mut StreamDecoder::new());
    }
}
