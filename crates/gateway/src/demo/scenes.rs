//! The demo's script: what breaks, and what is asked meanwhile.

use std::time::Duration;

/// A part of the script: something is broken, and requests come in.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) acts: Vec<Act>,
}

/// One step of a scene.
#[derive(Debug)]
pub(crate) enum Act {
    /// Something breaks, or is mended, from here on.
    Set(Vendor, Condition),
    /// The next request breaks at this vendor.
    BreakOnce(Vendor, Trouble),
    /// A request comes in.
    Ask(Ask, Expected),
    /// Time passes.
    Wait(Duration),
}

/// The simulated vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    OpenAi,
    Claude,
    Groq,
}

impl Vendor {
    /// The name of the connection to it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Claude => "claude",
            Self::Groq => "groq",
        }
    }
}

/// How a vendor is from some moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Well,
    /// Nobody listens on its port.
    Refusing,
    /// Every answer is a 500.
    Failing,
}

/// How one request breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A 500.
    Status500,
    /// A 529, as Anthropic sends when it has too much to do.
    Overloaded,
    /// A 429 that asks to wait this many seconds.
    RateLimited(u64),
    /// The request is read and never answered.
    Silence,
    /// 200, and an error event before any content.
    ErrorEvent,
    /// The stream ends in the middle of the answer.
    Cut,
}

/// The format that the application speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    OpenAi,
    Anthropic,
}

/// Whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Whole,
    Stream,
}

/// One request of an application.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) speaks: Speaks,
    pub(crate) way: Way,
    pub(crate) with_tool: bool,
    pub(crate) route: &'static str,
    pub(crate) prompt: &'static str,
    /// A label that budgets look at.
    pub(crate) tag: Option<&'static str>,
}

impl Ask {
    fn new(speaks: Speaks, way: Way) -> Self {
        Self {
            speaks,
            way,
            with_tool: false,
            route: "chat",
            prompt: "Why did my flight get rebooked?",
            tag: None,
        }
    }

    /// A question whose model the router chooses.
    fn routed(prompt: &'static str) -> Self {
        let mut ask = Self::new(Speaks::OpenAi, Way::Whole).on("auto");
        ask.prompt = prompt;
        ask
    }

    fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    fn with_tool(mut self) -> Self {
        self.with_tool = true;
        self.prompt = "What is the weather in Lisbon?";
        self
    }

    fn on(mut self, route: &'static str) -> Self {
        self.route = route;
        self
    }

    /// The application in a few words.
    pub(crate) fn client(&self) -> &'static str {
        match (self.speaks, self.way) {
            (Speaks::OpenAi, Way::Whole) => "OpenAI",
            (Speaks::OpenAi, Way::Stream) => "OpenAI stream",
            (Speaks::Anthropic, Way::Whole) => "Anthropic",
            (Speaks::Anthropic, Way::Stream) => "Anthropic stream",
        }
    }
}

/// How a request should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// This vendor answers, after this many attempts.
    Answer(Vendor, u32),
    /// The router takes it for this task, and this vendor answers, after this many attempts.
    Routed(&'static str, Vendor, u32),
    /// Content had already flowed when the vendor died: a typed error ends the stream.
    TypedError,
    /// Nobody is asked, and this code says why.
    Refused(&'static str),
}

/// The script.
pub(crate) fn script() -> Vec<Scene> {
    use Speaks::{Anthropic, OpenAi};
    use Way::{Stream, Whole};
    let ask = Ask::new;
    let from = |vendor, attempts| Expected::Answer(vendor, attempts);
    let breaks = |trouble| Act::BreakOnce(Vendor::OpenAi, trouble);
    let saved = |ask| Act::Ask(ask, from(Vendor::Claude, 2));
    vec![
        Scene {
            title: "All vendors are well",
            note: "both formats reach either vendor",
            acts: vec![
                Act::Ask(ask(OpenAi, Whole), from(Vendor::OpenAi, 1)),
                Act::Ask(ask(Anthropic, Stream), from(Vendor::OpenAi, 1)),
                Act::Ask(
                    ask(OpenAi, Stream).on("claude").with_tool(),
                    from(Vendor::Claude, 1),
                ),
                Act::Ask(ask(Anthropic, Whole).with_tool(), from(Vendor::OpenAi, 1)),
            ],
        },
        Scene {
            title: "callers say `model: auto`",
            note: "a classifier finds the task, and each task has its own order of targets",
            acts: vec![
                Act::Ask(
                    Ask::routed(PROGRAM),
                    Expected::Routed("coding", Vendor::Claude, 1),
                ),
                Act::Ask(
                    Ask::routed("Write a short poem about a delayed train."),
                    Expected::Routed("creative", Vendor::OpenAi, 1),
                ),
                Act::Ask(
                    Ask::routed("What is the capital of Portugal?"),
                    Expected::Routed("simple_qa", Vendor::Groq, 1),
                ),
                Act::BreakOnce(Vendor::Claude, Trouble::Overloaded),
                Act::Ask(
                    Ask::routed(PROGRAM),
                    Expected::Routed("coding", Vendor::OpenAi, 2),
                ),
            ],
        },
        Scene {
            title: "the budget of team=trial runs low",
            note: "below 95 % of its $0.01 the cheapest target answers; a team without money is told so",
            acts: vec![
                Act::Ask(
                    Ask::routed(PROGRAM).tagged(TRIAL),
                    Expected::Routed("coding", Vendor::Claude, 1),
                ),
                Act::Ask(
                    Ask::routed(PROGRAM).tagged(TRIAL),
                    Expected::Routed("coding", Vendor::Groq, 1),
                ),
                Act::Ask(
                    Ask::routed(PROGRAM).tagged(BROKE),
                    Expected::Refused("budget_exhausted"),
                ),
            ],
        },
        Scene {
            title: "openai answers 500",
            note: "the next target of the route takes over",
            acts: vec![
                breaks(Trouble::Status500),
                saved(ask(OpenAi, Whole)),
                breaks(Trouble::Status500),
                saved(ask(Anthropic, Stream)),
            ],
        },
        Scene {
            title: "openai refuses connections",
            note: "nobody listens on its port",
            acts: vec![
                Act::Set(Vendor::OpenAi, Condition::Refusing),
                saved(ask(OpenAi, Stream)),
                saved(ask(Anthropic, Whole).with_tool()),
                Act::Set(Vendor::OpenAi, Condition::Well),
            ],
        },
        Scene {
            title: "openai stays silent",
            note: "no first token within this route's 600 ms",
            acts: vec![
                breaks(Trouble::Silence),
                saved(ask(OpenAi, Stream)),
                breaks(Trouble::Silence),
                saved(ask(Anthropic, Stream)),
            ],
        },
        Scene {
            title: "openai sends an error event inside a 200",
            note: "no content yet, so the caller never notices",
            acts: vec![
                breaks(Trouble::ErrorEvent),
                saved(ask(OpenAi, Stream)),
                breaks(Trouble::ErrorEvent),
                saved(ask(Anthropic, Stream)),
            ],
        },
        Scene {
            title: "openai dies in the middle of an answer",
            note: "content has flowed: a typed error, never a silent restart or a silent end",
            acts: vec![
                breaks(Trouble::Cut),
                Act::Ask(ask(OpenAi, Stream), Expected::TypedError),
                breaks(Trouble::Cut),
                Act::Ask(ask(Anthropic, Stream), Expected::TypedError),
            ],
        },
        Scene {
            title: "claude is overloaded and openai fails",
            note: "the third target answers",
            acts: vec![
                breaks(Trouble::Status500),
                Act::BreakOnce(Vendor::Claude, Trouble::Overloaded),
                Act::Ask(ask(Anthropic, Whole), from(Vendor::Groq, 3)),
            ],
        },
        Scene {
            title: "openai answers 429 with Retry-After: 1",
            note: "it is left in peace until then",
            acts: vec![
                breaks(Trouble::RateLimited(1)),
                saved(ask(OpenAi, Whole)),
                Act::Ask(ask(Anthropic, Stream), from(Vendor::Claude, 1)),
                Act::Wait(Duration::from_millis(1100)),
                Act::Ask(ask(OpenAi, Whole), from(Vendor::OpenAi, 1)),
            ],
        },
        Scene {
            title: "openai keeps failing",
            note: "after three failures the breaker of route `guarded` stops asking",
            acts: vec![
                Act::Set(Vendor::OpenAi, Condition::Failing),
                saved(ask(OpenAi, Whole).on("guarded")),
                saved(ask(OpenAi, Stream).on("guarded")),
                saved(ask(Anthropic, Whole).on("guarded")),
                Act::Ask(
                    ask(Anthropic, Stream).on("guarded"),
                    from(Vendor::Claude, 1),
                ),
                Act::Set(Vendor::OpenAi, Condition::Well),
            ],
        },
    ]
}

/// What the router takes for coding.
const PROGRAM: &str = "Write a Python function that parses ISO 8601 dates, with unit tests.";
/// A team with little money, and one with none to speak of.
pub(crate) const TRIAL: &str = "team=trial";
pub(crate) const BROKE: &str = "team=broke";
