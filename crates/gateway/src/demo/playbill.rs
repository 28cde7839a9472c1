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
    let hello = r#""messages":[{"role":"user","content":"Hello!"}]"#;
    anstream::println!();
    anstream::println!(
        "  {} until Ctrl-C, and openai now fails about every other request.",
        "The gateway keeps running".bold()
    );
    anstream::println!(
        "  Ask again and again, and watch `x-interline-provider` and `x-interline-attempts`:"
    );
    anstream::println!();
    anstream::println!("    curl -i {url}/v1/chat/completions -d '{{\"model\":\"chat\",{hello}}}'");
    anstream::println!(
        "    curl -iN {url}/v1/messages -d '{{\"model\":\"chat\",\"max_tokens\":64,\"stream\":true,{hello}}}'"
    );
    anstream::println!();
    anstream::println!("  {}", format!("Status page: {url}/").dimmed());
}
