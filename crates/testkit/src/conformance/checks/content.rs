//! What an answer says is read, and what the caller says reaches the wire.

use interline_core::Feature;

use crate::conformance::Slot;
use crate::conformance::heard::usage_differences;
use crate::conformance::requests::{self, PROMPT, SYSTEM, TOOL};
use crate::conformance::stage::{Checked, Mode, NotMade, Stage};

pub(super) const fn text_slot(mode: Mode) -> Slot {
    match mode {
        Mode::Whole => Slot::Text,
        Mode::Stream => Slot::TextStream,
    }
}

pub(super) async fn text(stage: &Stage, mode: Mode) -> Checked {
    let answer = stage.answer(text_slot(mode))?;
    stage.serve(&answer);
    let heard = stage.call(mode, &requests::plain(stage.model())).await;
    let mut found = heard.differences(&answer.said);
    let model = stage.model().as_str();
    found.extend(stage.missing(&[PROMPT, SYSTEM, "4321", model]));
    if stage.requests() != 1 {
        found.push(format!("one call made {} requests", stage.requests()));
    }
    if stage.set.chat.id().as_str().is_empty() {
        found.push("the provider's id is empty".to_owned());
    }
    Ok(found)
}

/// Whether the check applies to a provider that says what it can do.
pub(super) fn needs(stage: &Stage, feature: Feature) -> Result<(), NotMade> {
    if stage.able().features.contains(feature) {
        return Ok(());
    }
    let name = feature.name();
    Err(NotMade::NotApplicable(format!("`{name}` is not declared")))
}

pub(super) async fn tools(stage: &Stage, slot: Slot, mode: Mode) -> Checked {
    needs(stage, Feature::Tools)?;
    let answer = stage.answer(slot)?;
    stage.serve(&answer);
    let heard = stage.call(mode, &requests::with_tool(stage.model())).await;
    let mut found = heard.differences(&answer.said);
    found.extend(stage.missing(&[PROMPT, TOOL, requests::FIELD]));
    Ok(found)
}

pub(super) async fn tool_round_trip(stage: &Stage) -> Checked {
    needs(stage, Feature::Tools)?;
    let answer = stage.answer(Slot::Text)?;
    stage.serve(&answer);
    let (request, words) = requests::tool_round_trip(stage.model());
    let heard = stage.call(Mode::Whole, &request).await;
    let mut found = heard.differences(&answer.said);
    found.extend(stage.missing(&words));
    let wire = stage.wire();
    for id in ["confcall1", "confcall2"] {
        // A format may know no ids, or rename them; half a reference is wrong in any.
        if wire.matches(id).count() == 1 {
            found.push(format!(
                "the id `{id}` of a tool call and of its result differ on the wire"
            ));
        }
    }
    Ok(found)
}

pub(super) async fn choices(stage: &Stage, slot: Slot, mode: Mode) -> Checked {
    needs(stage, Feature::MultipleChoices)?;
    let answer = stage.answer(slot)?;
    stage.serve(&answer);
    let wanted = u32::try_from(answer.said.texts.len()).unwrap_or(u32::MAX);
    let heard = stage
        .call(mode, &requests::choices(stage.model(), wanted))
        .await;
    Ok(heard.differences(&answer.said))
}

pub(super) async fn structured(stage: &Stage) -> Checked {
    needs(stage, Feature::JsonSchema)?;
    let answer = stage.answer(Slot::Structured)?;
    stage.serve(&answer);
    let heard = stage
        .call(Mode::Whole, &requests::structured(stage.model()))
        .await;
    let mut found = heard.differences(&answer.said);
    found.extend(stage.missing(&[requests::FIELD]));
    Ok(found)
}

pub(super) async fn usage(stage: &Stage, slot: Slot, mode: Mode) -> Checked {
    let answer = stage.answer(slot)?;
    let said = answer.said.usage.ok_or_else(|| {
        NotMade::Lacking(format!(
            "the answer for Slot::{slot:?} does not say its usage"
        ))
    })?;
    stage.serve(&answer);
    let heard = stage.call(mode, &requests::plain(stage.model())).await;
    if let Some(error) = heard.error {
        return Ok(vec![format!("failed: {error}")]);
    }
    let mut found = usage_differences(said, heard.usage);
    let got = heard.usage;
    let part = got.cached_input_tokens.unwrap_or(0) + got.cache_write_tokens.unwrap_or(0);
    if got.input_tokens.is_some_and(|all| all < part) {
        found.push("input tokens do not include what was cached".to_owned());
    }
    if got
        .output_tokens
        .is_some_and(|all| all < got.reasoning_tokens.unwrap_or(0))
    {
        found.push("output tokens do not include the thinking".to_owned());
    }
    Ok(found)
}
