//! The plan of a chaos proxy as a file: what to break, how often, when.

use std::time::Duration;

use interline_simulator::{Ending, ProxyFault, ProxyRule, RetryAfter};
use interline_transport::parse_duration;
use serde::Deserialize;

/// What `--help` says about plans.
pub(crate) const HELP: &str = "\
A plan, as YAML or JSON; every rule has a fault, and may have rate (0 to 1, default 1), at and for (durations since the \
start) and path (what the path begins with):

  seed: 7
  rules:
    - { fault: status, status: 500, rate: 0.1 }
    - { fault: status, status: 429, retry_after: \"20\", rate: 1, at: 60s, for: 30s }
    - { fault: silence, rate: 0.05 }
    - { fault: latency, delay: 200ms, jitter: 300ms }
    - { fault: throttle, bytes_per_second: 500, rate: 0.02 }
    - { fault: cut, after_bytes: 2000, ending: reset, rate: 0.02, path: /v1/chat }
    - { fault: stall, after_bytes: 500, rate: 0.01 }
    - { fault: black_hole, at: 2m, for: 30s }

Faults: status, silence, close, reset, garbage, refuse, black_hole, latency, throttle, cut, stall.
Endings of a cut: clean, close, reset. The first rule that strikes decides; latency and throttle add to others.";

/// What to break.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rules: Vec<ProxyRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    seed: u64,
    rules: Vec<RuleOfFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleOfFile {
    fault: String,
    rate: Option<f64>,
    at: Option<String>,
    #[serde(rename = "for")]
    lasts: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    retry_after: Option<String>,
    delay: Option<String>,
    jitter: Option<String>,
    bytes_per_second: Option<u32>,
    after_bytes: Option<u64>,
    ending: Option<String>,
}

impl Plan {
    /// The one without a file: 10 % errors, 5 % time-outs.
    pub(crate) fn usual() -> Self {
        Self {
            seed: 0,
            rules: vec![
                ProxyRule::new(ProxyFault::status(500)).with_rate(0.1),
                ProxyRule::new(ProxyFault::Silence).with_rate(0.05),
            ],
        }
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// What is wrong, and in which rule.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let rules = file.rules.into_iter().enumerate();
        let read = |(index, rule): (usize, RuleOfFile)| {
            let fault = rule.fault.clone();
            rule.read()
                .map_err(|wrong| format!("rule {} ({fault}): {wrong}", index + 1))
        };
        Ok(Self {
            seed: file.seed,
            rules: rules.map(read).collect::<Result<_, _>>()?,
        })
    }
}

impl RuleOfFile {
    fn read(mut self) -> Result<ProxyRule, String> {
        let mut rule = ProxyRule::new(self.fault()?);
        self.refuse_the_rest()?;
        let rate = self.rate.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&rate) {
            return Err(format!(
                "rate is {rate}; write a share from 0 to 1, such as 0.1"
            ));
        }
        rule = rule.with_rate(rate);
        if let Some(at) = &self.at {
            rule = rule.starting_at(duration("at", at)?);
        }
        if let Some(lasts) = &self.lasts {
            rule = rule.lasting(duration("for", lasts)?);
        }
        Ok(rule.on_paths(self.path.unwrap_or_default()))
    }

    /// Takes what belongs to the fault.
    fn fault(&mut self) -> Result<ProxyFault, String> {
        let missing = |what: &str| format!("{what} is missing");
        Ok(match self.fault.as_str() {
            "status" => {
                let status = self.status.take().ok_or_else(|| missing("status"))?;
                if !(400..600).contains(&status) {
                    return Err(format!(
                        "status is {status}; write one of an error, 400 to 599"
                    ));
                }
                ProxyFault::Status {
                    status,
                    retry_after: self.retry_after.take().map(RetryAfter::Raw),
                }
            }
            "silence" => ProxyFault::Silence,
            "close" => ProxyFault::Close,
            "reset" => ProxyFault::Reset,
            "garbage" => ProxyFault::Garbage,
            "refuse" => ProxyFault::Refuse,
            "black_hole" => ProxyFault::BlackHole,
            "latency" => ProxyFault::Latency {
                delay: duration("delay", &self.delay.take().ok_or_else(|| missing("delay"))?)?,
                jitter: match self.jitter.take() {
                    Some(jitter) => duration("jitter", &jitter)?,
                    None => Duration::ZERO,
                },
            },
            "throttle" => {
                let speed = self.bytes_per_second.take();
                ProxyFault::Throttle {
                    bytes_per_second: speed
                        .filter(|speed| *speed > 0)
                        .ok_or_else(|| missing("bytes_per_second, at least 1,"))?,
                }
            }
            "cut" => ProxyFault::Cut {
                after_bytes: self
                    .after_bytes
                    .take()
                    .ok_or_else(|| missing("after_bytes"))?,
                ending: match self.ending.take().as_deref() {
                    Some("clean") => Ending::Clean,
                    None | Some("close") => Ending::Fin,
                    Some("reset") => Ending::Rst,
                    Some(other) => {
                        return Err(format!(
                            "ending is `{other}`; known are clean, close, reset"
                        ));
                    }
                },
            },
            "stall" => ProxyFault::Stall {
                after_bytes: self
                    .after_bytes
                    .take()
                    .ok_or_else(|| missing("after_bytes"))?,
            },
            other => return Err(format!("there is no fault `{other}`; `--help` lists them")),
        })
    }

    /// Says which key has no meaning for the fault: a dead one would be a plan that does something else than it says.
    fn refuse_the_rest(&self) -> Result<(), String> {
        let left = [
            ("status", self.status.is_some()),
            ("retry_after", self.retry_after.is_some()),
            ("delay", self.delay.is_some()),
            ("jitter", self.jitter.is_some()),
            ("bytes_per_second", self.bytes_per_second.is_some()),
            ("after_bytes", self.after_bytes.is_some()),
            ("ending", self.ending.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((key, _)) => Err(format!("{key} means nothing here")),
            None => Ok(()),
        }
    }
}

fn duration(key: &str, text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| format!("{key}: {}", error.message()))
}

/// The rule as a person would say it.
pub(crate) fn in_words(rule: &ProxyRule) -> String {
    let share = rule.rate * 100.0;
    let mut words = format!("{share} % {:?}", rule.fault);
    if !rule.path_prefix.is_empty() {
        words += &format!(" on {}…", rule.path_prefix);
    }
    if !rule.at.is_zero() {
        words += &format!(" from {:?}", rule.at);
    }
    if let Some(lasts) = rule.lasts {
        words += &format!(" for {lasts:?}");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_shows_a_plan_that_is_read() {
        let start = HELP.find("  seed:").unwrap();
        let end = HELP.find("\n\nFaults").unwrap();
        let plan = Plan::read(&HELP[start..end]).unwrap();
        assert_eq!((plan.seed, plan.rules.len()), (7, 8));
        let squeeze = &plan.rules[1];
        assert_eq!(squeeze.at, Duration::from_secs(60));
        assert_eq!(squeeze.lasts, Some(Duration::from_secs(30)));
        let reset = ProxyFault::Cut {
            after_bytes: 2000,
            ending: Ending::Rst,
        };
        assert_eq!(plan.rules[5].fault, reset);
        assert_eq!(plan.rules[5].path_prefix, "/v1/chat");
    }

    #[test]
    fn json_is_read_too() {
        let plan = Plan::read(r#"{"rules": [{"fault": "close", "rate": 0.5}]}"#).unwrap();
        assert_eq!(
            plan.rules,
            [ProxyRule::new(ProxyFault::Close).with_rate(0.5)]
        );
    }

    #[test]
    fn mistakes_are_named() {
        #[track_caller]
        fn check(rule: &str, expected: &str) {
            let error = Plan::read(&format!("rules:\n  - {rule}\n")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        check("{ fault: fire }", "rule 1 (fire): there is no fault `fire`");
        check("{ fault: status }", "status is missing");
        check("{ fault: status, status: 200 }", "400 to 599");
        check("{ fault: silence, rate: 10 }", "share from 0 to 1");
        check("{ fault: silence, delay: 1s }", "delay means nothing here");
        check("{ fault: latency, delay: 5 }", "units");
        check(
            "{ fault: cut, after_bytes: 1, ending: soft }",
            "known are clean, close, reset",
        );
        check("{ fault: silence, ratio: 1 }", "ratio");
    }
}
