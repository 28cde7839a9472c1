//! What a bench is made of.

use std::fmt;

/// A list of cases under one name.
pub(crate) struct Bench {
    /// What the command line calls it.
    pub(crate) name: &'static str,
    /// What one run of a case is, for the table: `decision`, `prompt`.
    pub(crate) unit: &'static str,
    /// Makes the cases, with what they need around them.
    pub(crate) cases: fn() -> Result<Vec<Case>, String>,
}

/// Something that is done again and again.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) target: Target,
    run: Box<dyn FnMut()>,
}

/// What a case must not exceed; `None` where nothing was promised.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Target {
    pub(crate) p50_ns: Option<f64>,
    pub(crate) p99_ns: Option<f64>,
    /// How often it may ask for memory in one run.
    pub(crate) allocations: Option<u64>,
}

impl Case {
    /// A case without targets. `run` must hand what it works out to [`std::hint::black_box`].
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut() + 'static) -> Self {
        Self {
            name: name.into(),
            target: Target::default(),
            run: Box::new(run),
        }
    }

    pub(crate) const fn with_target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    pub(crate) fn run(&mut self) {
        (self.run)();
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
