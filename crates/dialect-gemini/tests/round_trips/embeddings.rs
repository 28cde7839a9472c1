//! A request for vectors means the same after the way out and back.

use interline_core::{EmbedBody, EmbedInput, EmbedRequest};
use interline_dialect_gemini::{decode_embed_request, encode_embed_request, purpose};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{prop_assert_eq, proptest};

proptest! {
    #[test]
    fn any_request_survives_the_way_out_and_back(
        texts in vec("\\PC{1,20}", 1..5),
        dimensions in option::of(1u32..4096),
        task in option::of("[A-Z_]{1,12}"),
    ) {
        let mut body = EmbedBody::default();
        body.inputs = texts.into_iter().map(EmbedInput::from).collect();
        body.dimensions = dimensions;
        body.purpose = task.as_deref().map(purpose);
        let request = EmbedRequest::from_body("gemini-embedding-001", body.clone());
        let wire = encode_embed_request(&request).expect("encodable");
        let back = decode_embed_request("gemini-embedding-001", wire).expect("decodable");
        prop_assert_eq!(&back.inputs, &body.inputs);
        prop_assert_eq!(back.dimensions, body.dimensions);
        prop_assert_eq!(&back.purpose, &body.purpose);
    }
}
