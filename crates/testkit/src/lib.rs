//! What provider authors test with: the [`conformance`] suite, a scripted provider, a transport that replays one
//! answer, and recorded traffic.
//!
//! ```
//! use interline_core::{CallContext, ChatRequest, ErrorKind, Message, Provider};
//! use interline_testkit::FakeProvider;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let provider = FakeProvider::new("fake").fails(ErrorKind::Overloaded).answers("Hello!");
//! let request = ChatRequest::new("any", [Message::user("Hi")]);
//! let cx = CallContext::new("example");
//! assert!(provider.complete(&cx, &request).await.is_err());
//! assert_eq!(provider.complete(&cx, &request).await.unwrap().text(), "Hello!");
//! # });
//! ```

pub mod conformance;

mod fake_provider;
mod replay_transport;
mod transcript;

mod comparison;
mod expected;
mod outcome;
mod recorded_case;

pub use comparison::differences;
pub use expected::{
    Expected, ExpectedEmbeddings, ExpectedModels, ExpectedToolCall, ExpectedUsage, UsageRule,
};
pub use fake_provider::FakeProvider;
pub use outcome::Outcome;
pub use recorded_case::{RecordedCase, RecordedRequest, RecordedResponse};
pub use replay_transport::ReplayTransport;
pub use transcript::{Item, Transcript};
