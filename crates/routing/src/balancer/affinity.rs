//! Calls that belong together go to the same target, while it is well: rendezvous hashing.
//!
//! Every target draws a lot from its name and the session's; the highest one has the session. So nobody
//! remembers anything, all processes of a fleet agree, and a target that leaves takes only its own sessions
//! along.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

use super::draws::{mixed, unit};
use super::figures::exponential;
use super::{Entrant, SessionKey};

/// Whether calls that belong together stay together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Affinity {
    /// Every call is balanced by itself.
    #[default]
    Off,
    /// Calls of one session, user or conversation.
    Session,
    /// Calls whose prompts begin alike, so that the vendor's cache of prompts is of use.
    Prompt,
}

impl Affinity {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Off, Self::Session, Self::Prompt];

    /// Its name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Session => "session",
            Self::Prompt => "prompt",
        }
    }
}

impl fmt::Display for Affinity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Affinity {
    type Err = Error;

    /// Reads a name of a configuration file.
    ///
    /// # Errors
    /// `InvalidRequest` that names the kinds there are.
    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .ok_or_else(|| {
                Error::invalid_request(format!(
                    "affinity `{name}` is unknown: use `off`, `session`, `prompt`"
                ))
            })
    }
}

/// The lot of a target for a session: the highest has it, each as likely as its weight says.
pub(super) fn lot(session: SessionKey, entrant: &Entrant) -> f32 {
    let word = mixed(session.word() ^ entrant.name);
    // The exponential draws of a weighted lottery, see `figures`, turned around.
    let wait = exponential(unit(word)) / entrant.weight.get() as f32;
    -wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for affinity in Affinity::ALL {
            assert_eq!(affinity.name().parse::<Affinity>().ok(), Some(affinity));
        }
        assert!("sticky".parse::<Affinity>().is_err());
    }
}
