//! Configuration files: read, or refused with a sentence.

use interline::{Config, ErrorKind};

use crate::seeds;
use crate::target::{Behaviour, Target};

pub(crate) fn target() -> Target {
    Target {
        name: "config".to_owned(),
        promise: "YAML and JSON are read or refused with a sentence",
        seeds: Box::new(|_| {
            let seeds = seeds::CONFIG.iter();
            seeds.map(|seed| seed.as_bytes().to_vec()).collect()
        }),
        run: Box::new(run),
    }
}

fn run(input: &[u8], behaviour: &mut Behaviour) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let config = match Config::parse(text, "fuzz.yaml") {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
            assert!(!error.message().is_empty());
            return behaviour.note_message(error.message());
        }
    };
    behaviour.note((config.provider_names().len(), config.route_names().len()));
    match config.listen() {
        Ok(address) => behaviour.note(address.is_some()),
        Err(error) => behaviour.note_message(error.message()),
    }
}
