//! A case: one fault, one kind of call, and what the client must see. Most scenarios are tables of them.

use interline_core::{ErrorKind, HealthImpact, Phase};
use interline_simulator::{Dialect, Door, Fault};

use super::report::{SocketReport, shown};
use super::stage::{BROKEN_SAYS, Called, DELIVERIES, DIALECTS, Delivery, Ended, Stage};

/// What is broken.
#[derive(Clone, Debug)]
pub(super) enum Strike {
    Fault(Fault),
    Door(Door),
}

impl Strike {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Fault(fault) => fault.name().to_owned(),
            Self::Door(door) => format!("door {door:?}").to_lowercase(),
        }
    }
}

/// What the first attempt's error must be; what is not said may be anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    kind: ErrorKind,
    phase: Option<Phase>,
    impact: Option<HealthImpact>,
    counting: Counting,
}

/// Whether an error has to count against somebody's health, whoever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    Any,
    Somebody,
}

impl Expected {
    pub(super) const fn kind(kind: ErrorKind) -> Self {
        Self {
            kind,
            phase: None,
            impact: None,
            counting: Counting::Any,
        }
    }

    /// It counts against somebody's health.
    pub(super) const fn counts(mut self) -> Self {
        self.counting = Counting::Somebody;
        self
    }

    pub(super) const fn phase(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    pub(super) const fn impact(mut self, impact: HealthImpact) -> Self {
        self.impact = Some(impact);
        self
    }

    /// What is wrong with the error, if anything is.
    fn breach(&self, called: &Called) -> Option<String> {
        let Some(error) = called.first_error() else {
            return Some(format!("no attempt failed, {:?} was expected", self.kind));
        };
        let is_met = error.kind() == self.kind
            && self.phase.is_none_or(|phase| error.phase() == phase)
            && self
                .impact
                .is_none_or(|impact| error.health_impact() == impact)
            && (self.counting == Counting::Any || error.health_impact() != HealthImpact::None);
        (!is_met).then(|| format!("{} instead of {self:?}: {error}", shown(error)))
    }
}

/// How the call must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The next target answers.
    NextAnswers,
    /// The target under test answers whole, at once or on another attempt.
    SameAnswers,
    /// The caller has some content and gets an error.
    PartAndError,
}

/// One fault, the calls that meet it, and what the client must see.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) strike: Strike,
    pub(super) deliveries: &'static [Delivery],
    pub(super) dialects: &'static [Dialect],
    pub(super) expected: Option<Expected>,
    pub(super) then: Then,
}

impl Case {
    /// A fault under which an attempt fails so, and the next target answers; in both dialects and deliveries.
    pub(super) fn fails(name: &'static str, strike: Strike, expected: Expected) -> Self {
        Self {
            name,
            strike,
            deliveries: &DELIVERIES,
            dialects: &DIALECTS,
            expected: Some(expected),
            then: Then::NextAnswers,
        }
    }

    /// A fault that the client does not mind.
    pub(super) fn harmless(name: &'static str, strike: Strike) -> Self {
        Self {
            expected: None,
            then: Then::SameAnswers,
            ..Self::fails(name, strike, Expected::kind(ErrorKind::Internal))
        }
    }

    pub(super) const fn only(mut self, deliveries: &'static [Delivery]) -> Self {
        self.deliveries = deliveries;
        self
    }

    pub(super) const fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

/// Plays the cases one after the other, each on a stage of its own.
pub(super) async fn play_all(cases: Vec<Case>, report: &mut SocketReport) {
    for case in cases {
        for dialect in case.dialects {
            let stage = Stage::new(*dialect).await;
            play(&case, &stage, report).await;
        }
    }
}

/// Plays a case on a stage that is set.
pub(super) async fn play(case: &Case, stage: &Stage, report: &mut SocketReport) {
    for delivery in case.deliveries {
        let before = stage.broken.ledger().faults_fired_total();
        match &case.strike {
            Strike::Fault(fault) => stage.broken.push_fault(fault.clone()),
            Strike::Door(door) => {
                let changed = stage.broken.set_door(*door).await;
                changed.expect("the port can be changed");
            }
        }
        let called = stage.call(*delivery, report).await;
        let name = format!("{} ({delivery}, {:?})", case.name, stage.broken.dialect());
        report.saw(name.clone(), &called);
        let named = |breach: String| format!("{name}: {breach}");
        if let Some(expected) = &case.expected {
            report.check("seen", expected.breach(&called).map(named));
        }
        report.check("seen", end_breach(case.then, &called.ended).map(named));
        let fired = stage.broken.ledger().faults_fired_total() > before;
        report.check(
            "I26",
            (!fired).then(|| format!("{name}: {} did not fire", case.strike.name())),
        );
        if let Strike::Door(_) = case.strike {
            let changed = stage.broken.set_door(Door::Open).await;
            changed.expect("the port can be opened again");
        }
        report.faults_fired += stage.broken.ledger().faults_fired_total() - before;
    }
}

fn end_breach(then: Then, ended: &Ended) -> Option<String> {
    let is_met = match (then, ended) {
        (Then::NextAnswers, Ended::Whole { text }) => text != BROKEN_SAYS,
        (Then::SameAnswers, Ended::Whole { text }) => text == BROKEN_SAYS,
        (Then::PartAndError, Ended::Part { text, error }) => {
            !text.is_empty() && error.phase() == Phase::AfterOutput
        }
        _ => false,
    };
    let detail = match ended {
        Ended::Nothing { error } | Ended::Part { error, .. } => format!(" ({error})"),
        Ended::Whole { .. } | Ended::Hung => String::new(),
    };
    (!is_met).then(|| format!("the call ended: {ended}{detail}; {then:?} was expected"))
}
