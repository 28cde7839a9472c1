//! Interline's gateway with two more kinds of providers.

use std::process::ExitCode;

use interline::Registry;
use outside_provider::acme::AcmeFactory;
use outside_provider::murmur::MurmurFactory;

fn main() -> ExitCode {
    let registry = Registry::standard()
        .with(AcmeFactory::new())
        .with(MurmurFactory);
    interline_gateway::cli::run(registry)
}
