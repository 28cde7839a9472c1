//! Thinking, and the state that goes back to the one who issued it and to nobody else.

use interline_core::{CallContext, ErrorKind, Feature};

use crate::conformance::requests::{self, FOREIGN};
use crate::conformance::stage::{Checked, Mode, NotMade, Stage};
use crate::conformance::{Answer, Slot};

/// An answer that shows thinking. Vendors may think unasked, so it is not only the declared feature
/// that calls for one.
fn thinking(stage: &Stage, slot: Slot) -> Result<Answer, NotMade> {
    stage.answer(slot).map_err(|lacking| {
        if stage.able().features.contains(Feature::Reasoning) {
            return lacking;
        }
        let why = "`reasoning` is not declared, and no answer shows thinking".to_owned();
        NotMade::NotApplicable(why)
    })
}

pub(super) async fn read(stage: &Stage, slot: Slot, mode: Mode) -> Checked {
    let answer = thinking(stage, slot)?;
    stage.serve(&answer);
    let heard = stage.call(mode, &requests::reasoning(stage.model())).await;
    Ok(heard.differences(&answer.said))
}

pub(super) async fn round_trip(stage: &Stage) -> Checked {
    let answer = thinking(stage, Slot::Reasoning)?;
    let Some(signature) = answer.said.signature.clone() else {
        let why = "the answer for Slot::Reasoning has no signature".to_owned();
        return Err(NotMade::NotApplicable(why));
    };
    stage.serve(&answer);
    let cx = CallContext::new("conformance");
    let first = stage
        .set
        .chat
        .complete(&cx, &requests::reasoning(stage.model()))
        .await;
    let parts = match first {
        Ok(response) => response
            .choices
            .into_iter()
            .next()
            .map(|choice| choice.parts),
        Err(error) => return Ok(vec![format!("failed: {error}")]),
    };
    stage.serve(&stage.answer(Slot::Text)?);
    let request = requests::going_on(stage.model(), parts.unwrap_or_default());
    let heard = stage.call(Mode::Whole, &request).await;
    let mut found: Vec<String> = heard.error.iter().map(ToString::to_string).collect();
    found.extend(stage.missing(&[&signature]));
    Ok(found)
}

pub(super) async fn foreign_state(stage: &Stage) -> Checked {
    stage.serve(&stage.answer(Slot::Text)?);
    let request = requests::with_foreign_state(stage.model());
    let heard = stage.call(Mode::Whole, &request).await;
    let mut found = Vec::new();
    if stage.wire().contains(FOREIGN) {
        found.push("state of another format was sent to the vendor".to_owned());
    }
    if let Some(error) = heard.error
        && error.kind() != ErrorKind::Unsupported
    {
        found.push(format!(
            "state of another format made the call fail: {error}"
        ));
    }
    Ok(found)
}
