//! Two vendors and failover between them: `cargo run -p interline --example quickstart --features openai,anthropic`.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::{env, error::Error, sync::Arc};

use interline::{ChatRequest, Client, Message, Route, anthropic::Anthropic, openai::OpenAi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .provider(
            "openai",
            Arc::new(OpenAi::new(env::var("OPENAI_API_KEY")?)?),
        )
        .provider(
            "claude",
            Arc::new(Anthropic::new(env::var("ANTHROPIC_API_KEY")?)?),
        )
        .route(
            "chat",
            Route::fallback(["openai/gpt-4o", "claude/claude-sonnet-4-6"]),
        )
        .on_event(|event| tracing::debug!(?event))
        .build()?;

    let request = ChatRequest::new("chat", [Message::user("Hello!")]);
    let reply = client.complete(request.clone()).await?;
    let route = &reply.route;
    println!(
        "{} (by {}, {} attempts, {})",
        reply.text(),
        route.provider,
        route.attempts,
        reply.cost
    );

    let stream = client.stream(request).await?; // yields frames; `.events()` yields typed events
    println!("{} (streamed)", stream.into_reply().await?.text());
    Ok(())
}
