//! Active health checks: when vendors are asked, how often, and who learns of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, ErrorKind as K,
    FeatureSet, HealthView, ModelId, Provider, ProviderId, Result, async_trait,
};
use interline_resilience::{
    Activity, Admission, Admit, AlwaysAdmit, Ask, CallEvent, HealthMonitor, Observer, Observers,
    Outcome, SimpleBreaker, SimpleBreakerConfig, Watch,
};
use tokio::time::{Instant, timeout};

use crate::bench::{Bench, Recorder, S, bad_key, target, unavailable};
use crate::fake::answer;

/// A vendor that only ever says how it is.
#[derive(Debug)]
struct Patient {
    id: ProviderId,
    says: Mutex<Option<Error>>,
    asked: AtomicU32,
}

impl Patient {
    fn new(says: Option<Error>) -> Arc<Self> {
        Arc::new(Self {
            id: "a".into(),
            says: Mutex::new(says),
            asked: AtomicU32::new(0),
        })
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Provider for Patient {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FeatureSet::empty())
    }

    async fn complete(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatResponse> {
        Err(Error::new(K::Internal, "a health check is no call"))
    }

    async fn stream(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatStream> {
        Err(Error::new(K::Internal, "a health check is no call"))
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.says.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

fn activity() -> Arc<Activity> {
    Arc::new(Activity::new([ProviderId::from("a")], Instant::now()))
}

fn breaker() -> SimpleBreaker {
    let config = SimpleBreakerConfig::default().with_failures(1, S(60));
    SimpleBreaker::new(config, Arc::new(Observers::none()))
}

/// Lets the monitor ask every 10 s, for so many seconds.
async fn watch(
    patient: &Arc<Patient>,
    admission: Arc<dyn Admission>,
    activity: &Arc<Activity>,
    seconds: u64,
) -> Vec<CallEvent> {
    let events = Arc::new(Recorder::default());
    let watch =
        Watch::new("a", Arc::clone(patient) as _, S(10)).with_target(target("a"), admission);
    let monitor = HealthMonitor::new(vec![watch], Arc::clone(activity), events.clone(), 7);
    assert!(timeout(S(seconds), monitor.run()).await.is_err());
    events.all()
}

#[tokio::test(start_paused = true)]
async fn an_idle_provider_is_asked_at_most_once_in_an_interval() {
    let patient = Patient::new(None);
    let events = watch(&patient, Arc::new(AlwaysAdmit), &activity(), 100).await;
    assert!((8..=10).contains(&patient.asked()), "{}", patient.asked());
    assert_eq!(events.len(), patient.asked() as usize);
    assert!(matches!(
        events[0],
        CallEvent::HealthChecked { error: None, .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_provider_with_traffic_is_left_alone() {
    let patient = Patient::new(None);
    let activity = activity();
    let bench = Bench::new([vec![answer("ok"); 40]]);
    let traffic = async {
        for _ in 0..40 {
            bench.complete().await.unwrap();
            for event in bench.events.all() {
                activity.on_event(&event);
            }
            tokio::time::sleep(S(3)).await;
        }
    };
    let checks = watch(&patient, Arc::new(AlwaysAdmit), &activity, 100);
    tokio::join!(timeout(S(110), traffic), checks)
        .0
        .unwrap_err();
    assert_eq!(patient.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_is_found_before_a_caller_runs_into_it() {
    let patient = Patient::new(Some(bad_key()));
    let breaker = breaker();
    let events = watch(&patient, Arc::new(breaker.clone()), &activity(), 25).await;
    assert!(!breaker.health(&target("a")).is_available());
    let Some(CallEvent::HealthChecked {
        error: Some(error), ..
    }) = events.first()
    else {
        panic!("{events:?}");
    };
    assert_eq!(error.kind(), K::Authentication);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_back_is_found_without_a_caller() {
    let patient = Patient::new(None);
    let breaker = breaker();
    let (at, now) = (target("a"), Instant::now());
    let Admit::Go(permit) = breaker.admit(&Ask::new(&at, now)) else {
        panic!("nothing bad is known yet");
    };
    permit.settle(Outcome::Failure(&unavailable()), now);
    let busy = activity();
    watch(&patient, Arc::new(breaker.clone()), &busy, 29).await;
    assert_eq!(patient.asked(), 0, "it is not due for a probe yet");
    watch(&patient, Arc::new(breaker.clone()), &busy, 21).await;
    assert_eq!(breaker.health(&at).closed_for, None);
    assert!(
        breaker.is_calm(&Ask::new(&at, Instant::now())),
        "closed by a check"
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_cut() {
    #[derive(Debug)]
    struct Deaf(Patient);
    #[async_trait]
    impl Provider for Deaf {
        fn id(&self) -> &ProviderId {
            &self.0.id
        }
        fn capabilities(&self, model: &ModelId) -> Capabilities {
            self.0.capabilities(model)
        }
        async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
            self.0.complete(cx, req).await
        }
        async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
            self.0.stream(cx, req).await
        }
        async fn health_check(&self, _: &CallContext) -> Result<()> {
            std::future::pending().await
        }
    }
    let deaf = Deaf(Patient {
        id: "a".into(),
        says: Mutex::default(),
        asked: AtomicU32::new(0),
    });
    let events = Arc::new(Recorder::default());
    let breaker = breaker();
    let watch =
        Watch::new("a", Arc::new(deaf), S(30)).with_target(target("a"), Arc::new(breaker.clone()));
    let monitor = HealthMonitor::new(vec![watch], activity(), events.clone(), 7);
    assert!(timeout(S(100), monitor.run()).await.is_err());
    let Some(CallEvent::HealthChecked {
        error: Some(error),
        duration,
        ..
    }) = events.all().first().cloned()
    else {
        panic!("{:?}", events.all());
    };
    assert!(matches!(error.kind(), K::Timeout(_)));
    assert_eq!(duration, S(10));
}
