//! Health, and what a vendor offers beside chat.

use interline_core::{
    CallContext, DynEmbeddingProvider, EmbedRequest, Error, ErrorKind, RetryHint,
};

use crate::conformance::heard::usage_differences;
use crate::conformance::requests;
use crate::conformance::stage::{Checked, Mode, NotMade, Stage};
use crate::conformance::{Answer, Slot};

pub(super) async fn health(stage: &Stage) -> Checked {
    let well = stage.answer(Slot::Health)?;
    let cx = CallContext::new("conformance");
    let mut found = Vec::new();
    // What a paid call looks like.
    stage.serve(&stage.answer(Slot::Text)?);
    stage
        .call(Mode::Whole, &requests::plain(stage.model()))
        .await;
    let line = || {
        let last = stage.server.ledger().last();
        last.map(|sent| (sent.method, sent.path))
    };
    let paid = line();
    let before = stage.requests();
    stage.serve(&well);
    if let Err(error) = stage.set.chat.health_check(&cx).await {
        found.push(format!("a vendor that is well is called ill: {error}"));
    }
    let made = stage.requests() - before;
    if made != 1 {
        found.push(format!("one check made {made} requests"));
    }
    if made > 0 && line() == paid {
        found.push("the check is a call that costs money".to_owned());
    }
    for (status, kinds) in [
        (401, &[ErrorKind::Authentication][..]),
        (500, &[ErrorKind::Unavailable, ErrorKind::Overloaded]),
    ] {
        stage.serve(&stage.setup.answers.refusal(status, "conformance refusal"));
        match stage.set.chat.health_check(&cx).await {
            Ok(()) => found.push(format!(
                "a vendor that refuses with {status} is called well"
            )),
            Err(error) if !kinds.contains(&error.kind()) => {
                found.push(format!("status {status} became `{}`", error.kind()));
            }
            Err(error) if error.to_string().contains(stage.link.api_key()) => {
                found.push("the key shows in an error".to_owned());
            }
            Err(_) => {}
        }
    }
    Ok(found)
}

fn embedder(stage: &Stage) -> Result<DynEmbeddingProvider, NotMade> {
    let lacking = || NotMade::NotApplicable("no embeddings are offered".to_owned());
    stage.set.embed.clone().ok_or_else(lacking)
}

/// A request for as many vectors as wanted.
fn embedding(stage: &Stage, wanted: usize) -> EmbedRequest {
    let texts = (0..wanted).map(|number| format!("conformance input {number}"));
    EmbedRequest::new(&stage.setup.embedding_model, texts)
}

fn vectors(stage: &Stage) -> Result<Answer, NotMade> {
    let answer = stage.answer(Slot::Embeddings)?;
    if answer.said.embeddings.len() < 2 {
        let why = "the answer for Slot::Embeddings says fewer than two vectors".to_owned();
        return Err(NotMade::Lacking(why));
    }
    Ok(answer)
}

pub(super) async fn embeddings(stage: &Stage) -> Checked {
    let embedder = embedder(stage)?;
    let answer = vectors(stage)?;
    let wanted = answer.said.embeddings.len();
    stage.serve(&answer);
    let cx = CallContext::new("conformance");
    let response = match embedder.embed(&cx, &embedding(stage, wanted)).await {
        Ok(response) => response,
        Err(error) => return Ok(vec![format!("failed: {error}")]),
    };
    let mut found = Vec::new();
    if response.embeddings != answer.said.embeddings {
        found.push("the vectors are not those of the inputs, in their order".to_owned());
    }
    if let Some(usage) = answer.said.usage {
        found.extend(usage_differences(usage, response.usage));
    }
    found.extend(stage.missing(&["conformance input 0", "conformance input 1"]));
    if stage.requests() != 1 {
        found.push(format!("one call made {} requests", stage.requests()));
    }
    Ok(found)
}

pub(super) async fn embedding_count(stage: &Stage) -> Checked {
    let embedder = embedder(stage)?;
    let answer = vectors(stage)?;
    stage.serve(&answer);
    let wanted = answer.said.embeddings.len() + 1;
    let cx = CallContext::new("conformance");
    Ok(match embedder.embed(&cx, &embedding(stage, wanted)).await {
        Ok(_) => vec!["a vector is missing, and nobody said so".to_owned()],
        Err(error) if error.kind() == ErrorKind::Protocol => Vec::new(),
        Err(error) => vec![format!(
            "expected the kind `protocol`, got `{}`",
            error.kind()
        )],
    })
}

pub(super) async fn embedding_errors(stage: &Stage) -> Checked {
    let embedder = embedder(stage)?;
    let cx = CallContext::new("conformance");
    let request = embedding(stage, 1);
    let mut found = Vec::new();
    for (status, kind) in [
        (401, ErrorKind::Authentication),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
    ] {
        let before = stage.requests();
        stage.serve(&stage.setup.answers.refusal(status, "conformance refusal"));
        let error: Option<Error> = embedder.embed(&cx, &request).await.err();
        match error {
            None => found.push(format!("status {status} was taken for an answer")),
            Some(error) => {
                let is_transient = error.retry() != RetryHint::Never;
                if error.kind() != kind || is_transient == (kind == ErrorKind::Authentication) {
                    found.push(format!(
                        "status {status} became {:?}, {:?}",
                        error.kind(),
                        error.retry()
                    ));
                }
            }
        }
        let made = stage.requests() - before;
        if made != 1 {
            found.push(format!("status {status}: one call made {made} requests"));
        }
    }
    Ok(found)
}

pub(super) async fn models(stage: &Stage) -> Checked {
    let lacking = || NotMade::NotApplicable("no list of models is offered".to_owned());
    let lister = stage.set.models.clone().ok_or_else(lacking)?;
    let answer = stage.answer(Slot::Models)?;
    stage.serve(&answer);
    Ok(
        match lister.list_models(&CallContext::new("conformance")).await {
            Err(error) => vec![format!("failed: {error}")],
            Ok(listed) => {
                let ids: Vec<String> = listed.into_iter().map(|model| model.id).collect();
                let wrong = ids != answer.said.models;
                let told = format!("expected {:?}, got {ids:?}", answer.said.models);
                wrong.then_some(told).into_iter().collect()
            }
        },
    )
}

pub(super) async fn token_count(stage: &Stage) -> Checked {
    let lacking = || NotMade::NotApplicable("no count of tokens is offered".to_owned());
    let counter = stage.set.count.clone().ok_or_else(lacking)?;
    let answer = stage.answer(Slot::TokenCount)?;
    stage.serve(&answer);
    let cx = CallContext::new("conformance");
    let counted = counter
        .count_tokens(&cx, &requests::plain(stage.model()))
        .await;
    Ok(match counted {
        Err(error) => vec![format!("failed: {error}")],
        Ok(tokens) if Some(tokens) == answer.said.tokens => stage.missing(&[requests::PROMPT]),
        Ok(tokens) => vec![format!(
            "expected {:?} tokens, got {tokens}",
            answer.said.tokens
        )],
    })
}
