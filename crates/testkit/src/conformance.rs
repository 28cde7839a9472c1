//! The conformance suite: what every provider must do, checked over real sockets.
//!
//! An author supplies a function that makes the provider for an address, and the vendor's
//! [`Answers`]: recorded or written by hand, ready-made where the format is a shared one. The kit
//! serves them from a loopback server, calls the provider, and looks at both sides: what the caller
//! gets, and what reached the vendor.
//!
//! ```no_run
//! use std::sync::Arc;
//! use interline_testkit::FakeProvider;
//! use interline_testkit::conformance::{Answers, Conformance};
//!
//! # async fn test() {
//! let report = Conformance::new(|link| {
//!         // Your provider, with `link.base_url()` and `link.api_key()`, in place of this one.
//!         Ok(Arc::new(FakeProvider::new(link.base_url())))
//!     })
//!     .with_answers(Answers::openai_chat())
//!     .with_model("acme-large")
//!     .run()
//!     .await;
//! report.assert_passed();
//! # }
//! ```
//!
//! # What is deliberately absent
//! - *Opinions about a vendor.* Whether a model exists, or what an answer costs, is not the adapter's.
//! - *Real vendors.* Nothing leaves the machine.
//! - *The deadline of a call.* The engine owns it and drops the call; that dropping works is checked.

mod answer;
mod answers;
mod case;
mod checks;
mod heard;
mod link;
mod ready;
mod report;
mod requests;
mod stage;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use interline_core::{DynProvider, ModelId, ProviderSet, Result};
use interline_transport::Transport;
use tokio::time::Instant;

pub use answer::{Answer, Said};
pub use answers::{Answers, Slot};
pub use case::Case;
pub use link::Link;
pub use report::{Report, Row, Verdict};

use stage::{NotMade, Setup, Stage};

/// How long one case may take: a provider that hangs must not hang the suite. Chosen, not measured:
/// the slowest one reads the largest whole answer that in-tree providers take.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// The suite for one provider.
#[must_use = "nothing is checked before `run`"]
pub struct Conformance {
    setup: Setup,
    only: Vec<Case>,
    left_out: BTreeMap<Case, String>,
}

impl Conformance {
    /// The suite for the provider, or the whole set of them, that `make` gives for an address and a
    /// key. It is made anew for each case.
    pub fn new<P: Into<ProviderSet>>(
        make: impl Fn(&Link) -> Result<P> + Send + Sync + 'static,
    ) -> Self {
        Self {
            setup: Setup {
                make: Arc::new(move |link| make(link).map(Into::into)),
                make_over: None,
                answers: Answers::new(|status, message| {
                    let body = serde_json::json!({"error": {"message": message}});
                    Answer::json(&body).with_status(status)
                }),
                model: ModelId::from("conformance-model"),
                embedding_model: ModelId::from("conformance-embedding-model"),
            },
            only: Vec::new(),
            left_out: BTreeMap::new(),
        }
    }

    /// Says what the vendor answers.
    pub fn with_answers(mut self, answers: Answers) -> Self {
        self.setup.answers = answers;
        self
    }

    /// Names the model to ask for, where capabilities or the wire depend on it. Default:
    /// `conformance-model`.
    pub fn with_model(mut self, model: impl Into<ModelId>) -> Self {
        self.setup.model = model.into();
        self
    }

    /// Names the model to ask for vectors. Default: `conformance-embedding-model`.
    pub fn with_embedding_model(mut self, model: impl Into<ModelId>) -> Self {
        self.setup.embedding_model = model.into();
        self
    }

    /// Makes the same provider over a transport of the kit, which spares sockets where streams are
    /// cut at every byte.
    pub fn with_transport(
        mut self,
        make: impl Fn(&Link, Arc<dyn Transport>) -> Result<DynProvider> + Send + Sync + 'static,
    ) -> Self {
        self.setup.make_over = Some(Arc::new(make));
        self
    }

    /// Runs only these cases.
    pub fn only(mut self, cases: impl IntoIterator<Item = Case>) -> Self {
        self.only.extend(cases);
        self
    }

    /// Leaves a case out, for a reason that the report shows. A required case cannot be left out.
    pub fn without(mut self, case: Case, reason: impl Into<String>) -> Self {
        self.left_out.insert(case, reason.into());
        self
    }

    /// Runs the cases, one after the other. Needs a tokio runtime with its clock running.
    pub async fn run(self) -> Report {
        let setup = Arc::new(self.setup);
        let mut rows = Vec::new();
        for case in Case::ALL {
            if !self.only.is_empty() && !self.only.contains(&case) {
                continue;
            }
            let started = Instant::now();
            let verdict = match self.left_out.get(&case) {
                Some(reason) => not_run(case, format!("left out: {reason}")),
                None => verdict(case, Arc::clone(&setup)).await,
            };
            rows.push(Row {
                case,
                verdict,
                took: started.elapsed(),
            });
        }
        let link = Link::new("http://127.0.0.1:9".to_owned());
        let subject = (setup.make)(&link).map_or_else(
            |error| error.to_string(),
            |set| set.chat.id().as_str().to_owned(),
        );
        Report { subject, rows }
    }
}

impl fmt::Debug for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conformance")
            .field("answers", &self.setup.answers)
            .field("model", &self.setup.model)
            .field("only", &self.only)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

/// Runs one case on a stage and a task of its own, so that a panic or a hang is a finding.
async fn verdict(case: Case, setup: Arc<Setup>) -> Verdict {
    let mut task = tokio::spawn(async move {
        match Stage::open(setup).await {
            Ok(stage) => checks::check(case, &stage).await,
            Err(problem) => Ok(vec![problem]),
        }
    });
    match tokio::time::timeout(CASE_LIMIT, &mut task).await {
        Ok(Ok(Ok(findings))) if findings.is_empty() => Verdict::Passed,
        Ok(Ok(Ok(findings))) => Verdict::Failed(findings),
        Ok(Ok(Err(NotMade::Lacking(why)))) => not_run(case, why),
        Ok(Ok(Err(NotMade::NotApplicable(why)))) => Verdict::NotApplicable(why),
        Ok(Err(ended)) => Verdict::Failed(vec![format!("panicked: {ended}")]),
        Err(_) => {
            task.abort();
            Verdict::Failed(vec![format!("was not over after {CASE_LIMIT:?}")])
        }
    }
}

fn not_run(case: Case, why: String) -> Verdict {
    if case.is_required() {
        return Verdict::Failed(vec![format!("is required, but {why}")]);
    }
    Verdict::Skipped(why)
}
