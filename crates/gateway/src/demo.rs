//! `interline demo`: a gateway over simulated vendors that break while requests keep coming.
//!
//! Everything is real but the models: sockets, wire formats, faults, the gateway, its HTTP clients.

mod observed;
mod playbill;
mod scenes;
mod score;
mod stage;
mod table;
mod traffic;

use interline_core::Result;
use tokio::time::sleep;

use observed::Observed;
use scenes::{Act, Expected, script};
use table::Table;
use traffic::Application;

pub(crate) use playbill::{introduce, invite};
pub(crate) use score::Score;
pub(crate) use stage::Stage;

/// Plays the script against the gateway at `url` and shows every request in the table.
///
/// # Errors
/// `Unavailable` where the operating system refuses a part of the stage.
pub(crate) async fn play(stage: &Stage, url: &str) -> Result<Score> {
    let application = Application::new(url.to_owned())?;
    let mut table = Table::new();
    let mut score = Score::default();
    table.head();
    for scene in script() {
        table.scene(&scene);
        for act in scene.acts {
            match act {
                Act::Set(vendor, condition) => stage.set(vendor, condition).await?,
                Act::BreakOnce(vendor, trouble) => stage.break_once(vendor, trouble),
                Act::Wait(time) => sleep(time).await,
                Act::Ask(ask, expected) => {
                    table.asking(&ask);
                    let seen = application.ask(&ask).await;
                    let as_it_should = met(expected, &seen);
                    table.ended(&ask, &seen, as_it_should);
                    score.count(&seen, as_it_should);
                }
            }
        }
    }
    score.faults = stage.faults_fired();
    Ok(score)
}

fn met(expected: Expected, seen: &Observed) -> bool {
    match expected {
        Expected::Answer(vendor, attempts) => {
            seen.is_answered()
                && seen.provider.as_deref() == Some(vendor.name())
                && seen.attempts == attempts
        }
        Expected::Routed(task, vendor, attempts) => {
            met(Expected::Answer(vendor, attempts), seen) && seen.task.as_deref() == Some(task)
        }
        Expected::TypedError => seen.is_broken_off_with_a_word(),
        Expected::Refused(code) => seen.is_refused_with(code),
    }
}
