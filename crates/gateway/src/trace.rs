//! The decision trace of a call: the `interline` object that `x-interline-explain: 1` adds to a reply.

use bytes::Bytes;
use interline::{Cost, Lack, RouteInfo};
use interline_core::{FormatId, Frame, Origin, RawFrame, StreamEvent};
use serde_json::{Value, json};

use crate::failure::attempt_list;
use crate::router_trace;

/// Who answered, after what, and why the others did not.
pub(crate) fn object(route: &RouteInfo, cost: Cost) -> Value {
    let skipped: Value = route
        .skipped
        .iter()
        .map(|(target, reason)| json!({"target": target.to_string(), "reason": reason.code()}))
        .collect();
    let excluded: Value = route
        .excluded
        .iter()
        .map(|exclusion| json!({"target": exclusion.target.to_string(), "lacks": names(&exclusion.lacks)}))
        .collect();
    let ignored: Value = route
        .ignored
        .iter()
        .map(
            |ignored| json!({"target": ignored.target.to_string(), "hints": names(&ignored.hints)}),
        )
        .collect();
    let order: Value = route
        .order
        .iter()
        .map(|(target, placement)| {
            json!({
                "target": target.to_string(),
                "standing": placement.standing.code(),
                "figure": figure(placement.figure),
            })
        })
        .collect();
    // A vendor may charge for attempts whose answers nobody got: the bill explains itself from here.
    let maybe_billed: u64 = route
        .attempt_list
        .iter()
        .map(|one| u64::from(one.maybe_billed))
        .sum();
    let mut trace = json!({
        "request_id": route.call_id.as_str(),
        "route": &*route.name,
        "strategy": route.strategy.name(),
        "order": order,
        "affinity": route.stickiness.code(),
        "provider": route.provider.as_str(),
        "model": route.model.as_str(),
        "tier": route.tier.as_str(),
        "attempts": route.attempts,
        "fallback": route.is_fallback,
        "cost_usd": cost.known().map(|amount| amount.to_string()),
        "maybe_billed_attempts": maybe_billed,
        "attempt_list": attempt_list(&route.attempt_list),
        "skipped": skipped,
        "excluded": excluded,
        "ignored_hints": ignored,
    });
    if let Some(budget) = route.budget {
        trace["budget"] = json!(budget.name());
    }
    if let Some(router) = &route.router {
        trace["router"] = router_trace::router(router);
    }
    if let Some(gate) = &route.gate {
        trace["gate"] = router_trace::gate(gate);
    }
    trace
}

/// Four digits: a figure is there to be compared, and its last digits only hide that.
fn figure(figure: f32) -> f64 {
    format!("{figure:.3e}").parse().unwrap_or(f64::from(figure))
}

fn names(lacks: &[Lack]) -> Vec<String> {
    lacks.iter().map(ToString::to_string).collect()
}

/// The JSON object `body` with `trace` as its member `interline`; every other byte stays.
pub(crate) fn add_to(format: &FormatId, body: &Bytes, trace: Value) -> Bytes {
    Origin::new(format.clone(), body.clone())
        .with_keys(&[("interline", Some(trace))])
        .unwrap_or_else(|_| body.clone())
}

/// Holds back the end of a stream, so that the trace can go into its last data event.
///
/// Only events at the end of an answer are held (finish reasons, usage), never content, so no
/// token is delayed.
#[derive(Debug, Default)]
pub(crate) struct LastEvent(Option<RawFrame>);

impl LastEvent {
    /// What may go out after `frame`, whose events in the caller's format are `encoded`.
    pub(crate) fn pass(
        &mut self,
        frame: &Frame,
        mut encoded: Vec<RawFrame>,
        trace: impl FnOnce() -> Value,
    ) -> Vec<RawFrame> {
        let held = self.0.take();
        if frame.is_end() {
            let mut last: Vec<RawFrame> = held.into_iter().chain(encoded).collect();
            if let Some(event) = last.iter_mut().rev().find(|event| is_object(event)) {
                event.data = add_to(&event.format, &event.data, trace());
            }
            return last;
        }
        let at_the_end = frame
            .events
            .iter()
            .any(|event| matches!(event, StreamEvent::Finished { .. } | StreamEvent::Usage(_)));
        if !at_the_end {
            return held.into_iter().chain(encoded).collect();
        }
        match encoded.pop() {
            // The frame has nothing for this caller, so the last event is still the one before.
            None => {
                self.0 = held;
                Vec::new()
            }
            last => {
                self.0 = last;
                held.into_iter().chain(encoded).collect()
            }
        }
    }

    /// What was still held back when the stream failed.
    pub(crate) fn release(&mut self) -> Option<RawFrame> {
        self.0.take()
    }
}

fn is_object(event: &RawFrame) -> bool {
    event.data.first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use interline_core::FinishReason;

    use super::*;

    const FORMAT: FormatId = FormatId::from_static("f");

    fn event(data: &'static str) -> RawFrame {
        RawFrame::new(FORMAT, None, Bytes::from_static(data.as_bytes()))
    }

    fn pass(last: &mut LastEvent, step: StreamEvent, data: &'static str) -> Vec<String> {
        last.pass(&Frame::of([step]), vec![event(data)], || json!(1))
            .into_iter()
            .map(|event| String::from_utf8(event.data.to_vec()).expect("UTF-8"))
            .collect()
    }

    #[test]
    fn the_trace_goes_into_the_last_data_event_before_the_terminal_one() {
        let mut last = LastEvent::default();
        let text = StreamEvent::Text {
            choice: 0,
            text: "hi".to_owned(),
        };
        assert_eq!(pass(&mut last, text, r#"{"text":1}"#), [r#"{"text":1}"#]);
        let finished = StreamEvent::Finished {
            choice: 0,
            reason: FinishReason::Stop,
            stop_sequence: None,
        };
        assert!(pass(&mut last, finished, r#"{"finish":1}"#).is_empty());
        let hidden = Frame::of([StreamEvent::Usage(interline_core::Usage::new(1, 2))]);
        assert!(last.pass(&hidden, Vec::new(), || json!(1)).is_empty());
        assert_eq!(
            pass(&mut last, StreamEvent::End, "[DONE]"),
            [r#"{"finish":1,"interline":1}"#, "[DONE]"]
        );
    }

    #[test]
    fn a_terminal_event_with_data_carries_the_trace_itself() {
        let mut last = LastEvent::default();
        assert_eq!(
            pass(&mut last, StreamEvent::End, r#"{"type":"message_stop"}"#),
            [r#"{"type":"message_stop","interline":1}"#]
        );
    }
}
