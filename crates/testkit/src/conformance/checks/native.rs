//! Lossless where formats match: what came in goes out, and what came back is kept.

use bytes::Bytes;
use futures_util::StreamExt as _;
use interline_core::{CallContext, ChatRequest, Message, Origin};
use serde_json::{Value, json};

use crate::conformance::Slot;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, NotMade, Stage};

/// The model that the caller names; the provider replaces it.
const ASKED_MODEL: &str = "conformance-asked-model";
/// A field that no type knows.
const UNKNOWN: &str = "conformance_unknown";

pub(super) async fn request(stage: &Stage) -> Checked {
    let formats = stage.able().formats;
    let Some((format, body)) = stage.setup.answers.native_request() else {
        if formats.is_empty() {
            return Err(NotMade::NotApplicable(
                "no native format is declared".to_owned(),
            ));
        }
        return Err(NotMade::Lacking(
            "no native request was supplied".to_owned(),
        ));
    };
    if !formats.contains(format) {
        let why = format!("the format `{format}` is not declared");
        return Err(NotMade::NotApplicable(why));
    }
    let mut body = body.clone();
    body[UNKNOWN] = json!({"kept": [1, 2.50]});
    // Some formats have the model in the path.
    if let Some(model) = body.get_mut("model") {
        *model = ASKED_MODEL.into();
    }
    stage.serve(&stage.answer(Slot::Text)?);
    let origin = Origin::new(format.clone(), Bytes::from(body.to_string()));
    let request = ChatRequest::new(stage.model(), [Message::user("as in the body")]);
    let heard = stage.call(Mode::Whole, &request.with_origin(origin)).await;
    let mut found: Vec<String> = heard.error.iter().map(ToString::to_string).collect();
    let sent = stage.server.ledger().last();
    let sent = sent.map_or(Value::Null, |sent| sent.body);
    if sent.get(UNKNOWN) != body.get(UNKNOWN) {
        found.push("a field that no type knows was lost or changed".to_owned());
    }
    for (key, value) in body.as_object().into_iter().flatten() {
        let is_replaced = ["model", "stream", "stream_options"].contains(&key.as_str());
        if !is_replaced && sent.get(key) != Some(value) && key != UNKNOWN {
            found.push(format!("the field `{key}` was lost or changed"));
        }
    }
    if stage.wire().contains(ASKED_MODEL) {
        found.push("the caller's model was sent in place of the target's".to_owned());
    }
    Ok(found)
}

pub(super) async fn answer(stage: &Stage) -> Checked {
    let formats = stage.able().formats;
    if formats.is_empty() {
        return Err(NotMade::NotApplicable(
            "no native format is declared".to_owned(),
        ));
    }
    let cx = CallContext::new("conformance");
    let request = requests::plain(stage.model());
    let mut found = Vec::new();
    let whole = stage.answer(Slot::Text)?;
    stage.serve(&whole);
    match stage.set.chat.complete(&cx, &request).await {
        Err(error) => found.push(format!("failed: {error}")),
        Ok(response) => match response.raw {
            None => found.push("an answer does not keep its body".to_owned()),
            Some(raw) if raw.body != whole.body || !formats.contains(&raw.format) => {
                found.push(
                    "an answer's body is not the one that came, or of another format".to_owned(),
                );
            }
            Some(_) => {}
        },
    }
    let streamed = stage.answer(Slot::TextStream)?;
    stage.serve(&streamed);
    match stage.set.chat.stream(&cx, &request).await {
        Err(error) => found.push(format!("failed: {error}")),
        Ok(mut frames) => {
            let (mut with_raw, mut foreign) = (0, 0);
            while let Some(Ok(frame)) = frames.next().await {
                let Some(raw) = frame.raw else { continue };
                with_raw += 1;
                let mut windows = streamed.body.windows(raw.data.len().max(1));
                let is_served = raw.data.is_empty() || windows.any(|window| window == raw.data);
                if !is_served || !formats.contains(&raw.format) {
                    foreign += 1;
                }
            }
            if with_raw == 0 {
                found.push("the frames of a stream do not keep their bytes".to_owned());
            }
            if foreign > 0 {
                found.push(format!(
                    "{foreign} frames hold other bytes than those that came"
                ));
            }
        }
    }
    Ok(found)
}
