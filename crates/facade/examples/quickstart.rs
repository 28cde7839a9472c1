//! Two vendors and failover between them. Set both keys, then
//! `cargo run -p interline --example quickstart --features openai,anthropic`.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::{env, error::Error};

use interline::{ChatRequest, Client, Message, Route, anthropic::Anthropic, openai::OpenAi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let openai = OpenAi::new(env::var("OPENAI_API_KEY")?)?;
    let claude = Anthropic::new(env::var("ANTHROPIC_API_KEY")?)?;
    let chat = Route::fallback(["openai/gpt-4o", "claude/claude-sonnet-4-6"]);
    let client = Client::builder()
        .provider("openai", openai)
        .provider("claude", claude)
        .route("chat", chat)
        .build()?;

    let request = ChatRequest::new("chat", [Message::user("Hello!")]);
    let reply = client.complete(request.clone()).await?;
    let by = &reply.route.provider;
    println!("{} (by {by}, {})", reply.text(), reply.cost);

    let mut stream = client.stream(request).await?.events();
    while let Some(event) = stream.next().await {
        println!("{:?}", event?);
    }
    Ok(())
}
