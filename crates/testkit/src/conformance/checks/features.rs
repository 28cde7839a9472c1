//! Capabilities are the truth: what is declared reaches the wire, and what is not is not dropped in
//! silence.

use interline_core::{ErrorKind, Feature, Importance, Phase};
use serde_json::Value;

use crate::conformance::Slot;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, Stage};

pub(super) async fn declared(stage: &Stage) -> Checked {
    stage.serve(&stage.answer(Slot::Text)?);
    let mut found = Vec::new();
    for feature in stage.able().features.iter() {
        let Some((request, word)) = requests::asking_for(feature, stage.model()) else {
            continue;
        };
        let name = feature.name();
        let before = stage.requests();
        let heard = stage.call(Mode::Whole, &request).await;
        if stage.requests() == before {
            let why = heard
                .error
                .map_or_else(String::new, |error| format!(": {error}"));
            found.push(format!("`{name}` is declared, yet nothing was sent{why}"));
        } else if !reached(stage, feature, word).await {
            found.push(format!(
                "`{name}` is declared, yet it did not reach the wire"
            ));
        }
    }
    Ok(found)
}

pub(super) async fn undeclared(stage: &Stage) -> Checked {
    stage.serve(&stage.answer(Slot::Text)?);
    let able = stage.able().features;
    let lacking = |feature: &Feature| {
        feature.importance() == Importance::Semantic && !able.contains(*feature)
    };
    let mut found = Vec::new();
    for feature in Feature::ALL.into_iter().filter(lacking) {
        let Some((request, word)) = requests::asking_for(feature, stage.model()) else {
            continue;
        };
        let name = feature.name();
        let before = stage.requests();
        let heard = stage.call(Mode::Whole, &request).await;
        if stage.requests() != before {
            let sent = reached(stage, feature, word).await;
            let how = if sent {
                "sent all the same"
            } else {
                "dropped in silence"
            };
            found.push(format!("`{name}` is not declared, yet it was {how}"));
            continue;
        }
        match heard.error {
            Some(error) if error.kind() != ErrorKind::Unsupported => found.push(format!(
                "`{name}` is not declared: expected `unsupported`, got `{}`",
                error.kind()
            )),
            Some(error) if error.phase() != Phase::BeforeSend => {
                found.push(format!(
                    "`{name}`: phase {:?}, although nothing was sent",
                    error.phase()
                ));
            }
            Some(_) => {}
            None => found.push(format!("`{name}` was answered without a request")),
        }
    }
    Ok(found)
}

/// Whether the last request holds the feature: its word, or a body that differs from one without it.
async fn reached(stage: &Stage, feature: Feature, word: Option<&str>) -> bool {
    if let Some(word) = word {
        return stage.wire().contains(word);
    }
    let last = || stage.server.ledger().last().map(|sent| sent.body);
    let with: Option<Value> = last();
    let plain = requests::without(feature, stage.model());
    stage.call(Mode::Whole, &plain).await;
    with != last()
}
