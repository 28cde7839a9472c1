//! Silence towards everybody is a stall and is cut short; silence towards one call is patience.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline_core::{ErrorKind as K, Progress, Target, TimeoutStage as T, ToldLimit};
use interline_resilience::{
    Account, Admission, Admit, Ask, Lease, Outcome, Permit, RouteMemory, Ticket,
};
use tokio::time::Instant;

use crate::bench::{Bench, MS, S, target};
use crate::fake::{Act, Script, answer, end, silence, text};

/// Remembers when each target was last heard from, and who was given up as stalled.
#[derive(Debug, Default)]
struct Ear {
    heard: Mutex<HashMap<Target, Instant>>,
    stalled: Mutex<Vec<Target>>,
}

#[derive(Debug)]
struct Listening {
    ear: Arc<Ear>,
    target: Target,
    sent: Instant,
}

#[derive(Debug)]
struct EarAdmission(Arc<Ear>);

impl Admission for EarAdmission {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        let lease = Listening {
            ear: Arc::clone(&self.0),
            target: ask.target.clone(),
            sent: ask.now,
        };
        Admit::Go(Permit::new(Arc::new(lease), Ticket::default()))
    }

    fn admit_anyway(&self, _: &Ask<'_>) -> Option<Permit> {
        None
    }

    fn is_calm(&self, _: &Ask<'_>) -> bool {
        true
    }
}

impl Lease for Listening {
    fn first_byte(&self, _: &Ticket, now: Instant) {
        let mut heard = self.ear.heard.lock().unwrap();
        heard.insert(self.target.clone(), now);
    }

    fn stalled(&self, _: &Ticket, now: Instant, limit: Duration) -> bool {
        let heard = self.ear.heard.lock().unwrap();
        let was_heard = heard.get(&self.target).is_some_and(|at| *at > self.sent);
        now - self.sent >= limit && !was_heard
    }

    fn told(&self, _: &Ticket, _: &[ToldLimit], _: Instant) {}

    fn settle(&self, _: &Ticket, outcome: Outcome<'_>, _: &Account, _: Instant) {
        if let Outcome::Stalled(_) = outcome {
            self.ear.stalled.lock().unwrap().push(self.target.clone());
        }
    }
}

/// Candidates whose admission listens; without the permit counter of other benches between.
fn bench<const N: usize>(scripts: [Vec<Script>; N]) -> (Bench, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let mut bench = Bench::new(scripts);
    for candidate in &mut bench.candidates {
        let own: Arc<dyn Admission> = Arc::new(EarAdmission(Arc::clone(&ear)));
        *candidate = candidate.clone().with_admission(own);
    }
    (bench, ear)
}

#[tokio::test(start_paused = true)]
async fn a_target_that_says_nothing_to_anybody_is_given_up_at_half_the_timeout() {
    let (bench, ear) = bench([vec![silence()], vec![answer("from b")]]);
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(began.elapsed(), S(15));
    assert_eq!(answer.route.target, target("b"));
    let first = &answer.route.attempts[0];
    assert_eq!(first.kind, Some(K::Timeout(T::FirstToken)));
    assert!(first.maybe_billed);
    assert_eq!(*ear.stalled.lock().unwrap(), [target("a")]);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_whole_answer_is_given_up_at_half_its_own_timeout() {
    let (bench, _) = bench([vec![silence()], vec![answer("from b")]]);
    let began = Instant::now();
    bench.complete().await.unwrap();
    assert_eq!(began.elapsed(), S(150));
}

#[tokio::test(start_paused = true)]
async fn the_limit_follows_what_answers_of_the_route_usually_take() {
    let quick = || vec![Act::Wait(MS(600)), Act::Headers, text("quick"), end()];
    let memory = Arc::new(RouteMemory::new(None, Instant::now()));
    let mut scripts = vec![quick(); 20];
    scripts.push(silence());
    let (bench, _) = bench([scripts, vec![answer("from b")]]);
    let bench = bench.memory(memory);
    for _ in 0..20 {
        drop(bench.stream().await.unwrap());
    }
    let began = Instant::now();
    bench.stream().await.unwrap();
    assert_eq!(
        began.elapsed(),
        S(3),
        "the floor is above three times 0.6 s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_that_answers_others_is_only_slow() {
    let other = vec![Act::Wait(S(5)), Act::Headers, text("other"), end()];
    let (bench, ear) = bench([vec![silence(), other], vec![answer("from b")]]);
    let began = Instant::now();
    let (patient, other) = tokio::join!(bench.stream(), bench.stream());
    assert!(other.is_ok());
    assert_eq!(patient.unwrap().route.target, target("b"));
    assert_eq!(began.elapsed(), S(30), "the timeout itself");
    assert!(ear.stalled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_sign_of_life_ends_the_suspicion() {
    let begun = vec![
        Act::Wait(S(14)),
        Act::Report(Progress::Headers),
        Act::Silence,
    ];
    let (bench, ear) = bench([vec![begun], vec![answer("from b")]]);
    let began = Instant::now();
    bench.stream().await.unwrap();
    assert_eq!(began.elapsed(), S(30));
    assert!(ear.stalled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_no_stall_at_first_is_looked_at_again() {
    let (bench, ear) = bench([vec![silence()], vec![answer("from b")]]);
    // As if the target had been heard of late in this attempt, and that were forgotten again.
    let note = async {
        tokio::time::sleep(S(10)).await;
        let now = Instant::now();
        ear.heard.lock().unwrap().insert(target("a"), now);
        tokio::time::sleep(S(8)).await;
        ear.heard.lock().unwrap().clear();
    };
    let began = Instant::now();
    let (answer, ()) = tokio::join!(bench.stream(), note);
    assert_eq!(answer.unwrap().route.target, target("b"));
    assert!(
        (S(18)..=S(19)).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(*ear.stalled.lock().unwrap(), [target("a")]);
}

#[tokio::test(start_paused = true)]
async fn the_error_says_that_it_was_a_stall() {
    let (bench, _) = bench([vec![silence(), silence()]]);
    bench.stream().await.unwrap_err();
    let told = bench.events.all().iter().any(|event| {
        matches!(event, interline_resilience::CallEvent::AttemptFailed { error, .. }
            if error.message().starts_with("stalled:"))
    });
    assert!(told);
}
