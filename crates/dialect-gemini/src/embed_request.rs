//! A request for vectors: as a vendor reads it, and back.
//!
//! Every text is a request of its own inside one `batchEmbedContents`, because several parts of one
//! content would come back as one vector. Google takes no tokens in place of words (`Unsupported`) and
//! no end user (a hint, left out). Unknown fields of this format, such as `title`, go with every text.

use bytes::Bytes;
use interline_core::{
    EmbedBody, EmbedInput, EmbedPurpose, EmbedRequest, Error, ErrorKind, Extra, FormatId, ModelId,
    Origin, Result,
};
use serde_json::{Map, Value, json};

use crate::{camel_case, model_name};
use interline_transport::json::{Fields, Flaw};

/// Google's batchEmbedContents and embedContent.
pub const EMBED_FORMAT: FormatId = FormatId::from_static("gemini.embed_content");

/// Fields of the request for one text that become typed and nothing else.
const KNOWN: [&str; 4] = ["model", "content", "taskType", "outputDimensionality"];

/// Purposes and their words on the wire.
const PURPOSES: [(EmbedPurpose, &str); 5] = [
    (EmbedPurpose::Query, "RETRIEVAL_QUERY"),
    (EmbedPurpose::Document, "RETRIEVAL_DOCUMENT"),
    (EmbedPurpose::Similarity, "SEMANTIC_SIMILARITY"),
    (EmbedPurpose::Classification, "CLASSIFICATION"),
    (EmbedPurpose::Clustering, "CLUSTERING"),
];

/// The purpose in Google's word; a word that only some vendor knows stays as it is.
#[must_use]
pub fn task_type(purpose: &EmbedPurpose) -> &str {
    match purpose {
        EmbedPurpose::Other(word) => word,
        known => PURPOSES
            .iter()
            .find(|(purpose, _)| purpose == known)
            .map_or("TASK_TYPE_UNSPECIFIED", |(_, word)| word),
    }
}

/// The purpose that Google's word stands for.
#[must_use]
pub fn purpose(task_type: &str) -> EmbedPurpose {
    PURPOSES
        .iter()
        .find(|(_, word)| *word == task_type)
        .map_or_else(
            || EmbedPurpose::Other(task_type.to_owned()),
            |(purpose, _)| purpose.clone(),
        )
}

/// The words of every input.
///
/// # Errors
/// `Unsupported` for tokens, `InvalidRequest` where there is nothing to embed.
pub fn embed_texts(request: &EmbedRequest) -> Result<Vec<&str>> {
    request.validate()?;
    let texts: Option<Vec<&str>> = request.inputs.iter().map(EmbedInput::as_text).collect();
    texts.ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            "Google embeds words, not tokens: send the text itself",
        )
        .with_param("input")
    })
}

/// Writes the body of a `batchEmbedContents` for `request.model`.
///
/// # Errors
/// As [`embed_texts`].
pub fn encode_embed_request(request: &EmbedRequest) -> Result<Bytes> {
    let model = model_name::resource(request.model.as_str());
    if let Some(body) = native(request, &model) {
        return Ok(body);
    }
    let mut settings = Map::new();
    settings.insert("model".into(), json!(model));
    if let Some(purpose) = &request.purpose {
        settings.insert("taskType".into(), json!(task_type(purpose)));
    }
    if let Some(dimensions) = request.dimensions {
        settings.insert("outputDimensionality".into(), json!(dimensions));
    }
    for (key, value) in request
        .extra
        .for_format(&EMBED_FORMAT)
        .into_iter()
        .flatten()
    {
        settings
            .entry(key.as_str())
            .or_insert_with(|| value.clone());
    }
    let requests = embed_texts(request)?.into_iter().map(|text| {
        let mut one = settings.clone();
        one.insert("content".into(), json!({"parts": [{"text": text}]}));
        Value::Object(one)
    });
    let body = json!({"requests": requests.collect::<Vec<_>>()});
    Ok(Bytes::from(body.to_string()))
}

/// The bytes a batch was decoded from, with the model named anew.
fn native(request: &EmbedRequest, model: &str) -> Option<Bytes> {
    let origin = request.origin_in(&EMBED_FORMAT)?;
    let mut body: Value = serde_json::from_slice(&origin.body).ok()?;
    for one in body.get_mut("requests")?.as_array_mut()? {
        one.as_object_mut()?.insert("model".into(), json!(model));
    }
    Some(Bytes::from(body.to_string()))
}

/// Reads the body of a `batchEmbedContents` or an `embedContent`, for tools that replay or compare
/// recorded requests; the model stands in the address it was sent to.
///
/// What holds for every text is read from the first one.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as `param`.
pub fn decode_embed_request(model: impl Into<ModelId>, body: Bytes) -> Result<EmbedRequest> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        Error::invalid_request(format!("request body is not valid JSON: {source}"))
    })?;
    match read(&camel_case::names(&value)) {
        Ok(typed) => {
            Ok(EmbedRequest::from_body(model, typed).with_origin(Origin::new(EMBED_FORMAT, body)))
        }
        Err(flaw) => Err(flaw.into_invalid_request()),
    }
}

fn read(value: &Value) -> Result<EmbedBody, Flaw> {
    let fields = Fields::of(value)?;
    let mut body = EmbedBody::default();
    if fields.get("requests").is_none() {
        read_one(fields, &mut body)?;
        return Ok(body);
    }
    for (index, one) in fields.list_or_one("requests").iter().enumerate() {
        Fields::of(one)
            .and_then(|one| read_one(one, &mut body))
            .map_err(|flaw| flaw.within(index).within("requests"))?;
    }
    Ok(body)
}

fn read_one(one: Fields<'_>, body: &mut EmbedBody) -> Result<(), Flaw> {
    let content = one
        .object("content")?
        .ok_or_else(|| Flaw::missing("content"))?;
    let mut text = String::new();
    for (index, part) in content.list_or_one("parts").iter().enumerate() {
        let said = Fields::of(part).and_then(|part| part.required_str("text"));
        text.push_str(said.map_err(|flaw| flaw.within(index).within("parts").within("content"))?);
    }
    if body.inputs.is_empty() {
        body.purpose = one.str("taskType")?.map(purpose);
        body.dimensions = match one.u64("outputDimensionality")? {
            Some(count) => Some(
                u32::try_from(count)
                    .map_err(|_| Flaw::new("is too large").within("outputDimensionality"))?,
            ),
            None => None,
        };
        body.extra = Extra::new(EMBED_FORMAT, one.rest_without_nulls(&KNOWN));
    }
    body.inputs.push(EmbedInput::Text(text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(request: &EmbedRequest) -> Value {
        let body = encode_embed_request(request).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn every_text_is_a_request_of_its_own() {
        let request = EmbedRequest::new("gemini-embedding-001", ["a", "b"])
            .with_dimensions(8)
            .with_purpose(EmbedPurpose::Query);
        let one = |text: &str| {
            json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]},
                "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8})
        };
        assert_eq!(sent(&request), json!({"requests": [one("a"), one("b")]}));
    }

    #[test]
    fn words_for_purposes_go_both_ways() {
        for word in ["RETRIEVAL_DOCUMENT", "CLUSTERING", "CODE_RETRIEVAL_QUERY"] {
            assert_eq!(task_type(&purpose(word)), word);
        }
    }

    #[test]
    fn tokens_and_nothing_are_refused() {
        let tokens = EmbedRequest::new("m", [vec![1, 2]]);
        let error = encode_embed_request(&tokens).expect_err("tokens");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("input"));
        let nothing = EmbedRequest::new("m", Vec::<String>::new());
        let error = encode_embed_request(&nothing).expect_err("nothing");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }

    #[test]
    fn a_recorded_request_is_read_and_sent_again_for_another_model() {
        let body = r#"{"requests":[
            {"model":"models/a","content":{"parts":[{"text":"x"},{"text":"y"}]},
             "task_type":"CLUSTERING","output_dimensionality":4,"title":"t"},
            {"model":"models/a","content":{"role":"user","parts":[{"text":"z"}]}}]}"#;
        let request = decode_embed_request("a", Bytes::from(body)).expect("a good request");
        assert_eq!(request.inputs, ["xy".into(), "z".into()]);
        assert_eq!(request.purpose, Some(EmbedPurpose::Clustering));
        assert_eq!(request.dimensions, Some(4));
        let again = sent(&request.for_model("b"));
        assert_eq!(again["requests"][1]["model"], "models/b");
        assert_eq!(again["requests"][1]["content"]["role"], "user");
        // An edit makes the recorded bytes stale.
        let written = sent(&request.with_dimensions(5));
        assert_eq!(written["requests"][1]["title"], "t");
        assert_eq!(written["requests"][1]["outputDimensionality"], 5);
    }

    #[test]
    fn mistakes_are_named_with_their_path() {
        let refused = |body: &'static str, message: &str| {
            let error = decode_embed_request("m", Bytes::from(body)).expect_err(body);
            assert_eq!(error.message(), message);
        };
        refused("{}", "content: field required");
        refused(
            r#"{"requests":[{"content":{"parts":[{"text":1}]}}]}"#,
            "requests[0].content.parts[0].text: must be text",
        );
    }
}
