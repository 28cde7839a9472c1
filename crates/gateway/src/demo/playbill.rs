//! What the demo says before and after the table.

use owo_colors::OwoColorize;

use super::stage::Stage;

/// Says who plays.
pub(crate) fn introduce(stage: &Stage, url: &str) {
    anstream::println!();
    anstream::println!(
        "  {}  one gateway, three simulated vendors, real sockets and wire formats",
        "Interline demo".bold()
    );
    anstream::println!();
    anstream::println!(
        "  {:<9} {}  {}",
        "gateway",
        url.cyan(),
        "status page at /, metrics at /metrics".dimmed()
    );
    for (name, format, address, model) in stage.playbill() {
        anstream::println!(
            "  {:<9} {} {}",
            "vendor",
            format!("{name:<7} {address:<16}").cyan(),
            format!("speaks {format}, serves {model}").dimmed()
        );
    }
    anstream::println!(
        "  {:<9} {} {}",
        "route",
        "chat   ".cyan(),
        "openai, then claude, then groq".dimmed()
    );
    anstream::println!();
}

/// Says what can be tried now.
pub(crate) fn invite(url: &str) {
    anstream::println!();
    anstream::println!(
        "  {} until Ctrl-C. Try:",
        "The gateway keeps running".bold()
    );
    anstream::println!();
    let body = r#"{"model":"chat","messages":[{"role":"user","content":"Hello!"}]}"#;
    anstream::println!(
        "    curl -i {url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'"
    );
    let body = r#"{"model":"chat","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hello!"}]}"#;
    anstream::println!(
        "    curl -N {url}/v1/messages -H 'content-type: application/json' -d '{body}'"
    );
    anstream::println!("    open {url}/");
    anstream::println!();
}
