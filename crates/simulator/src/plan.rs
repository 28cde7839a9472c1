//! Plan: turns an answer, a pacing and a fault into the steps that a connection performs. Pure.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::dialect::{Event, EventKind};
use crate::fault::{Ending, Fault};
use crate::http1::{Framing, chunk, response_head};
use crate::pacing::Pacing;
use crate::reply::TokenUsage;
use crate::step::{PerByte, Step, chunked_head, last_chunk, piece, whole};
use crate::{gzip_bomb, sse_torture};

/// Time between the last byte and an RST: a reset at once could destroy bytes that the client has not read yet.
/// Chosen, not measured.
const BEFORE_RESET: Duration = Duration::from_millis(20);
/// Size of the pieces of an endless body; chosen, not measured.
const ENDLESS_PIECE_BYTES: usize = 16 * 1024;

/// What stands in place of an answer that is no HTTP: letters, line ends and bytes that are no text.
pub(crate) const GARBAGE: &[u8] =
    b"\x16\x03\x01\x00garbage from a port that speaks something else\r\n\r\n\xff\x00";

/// An answer before its fault.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// The tokens of a model's answer, which are billed.
    pub(crate) usage: Option<TokenUsage>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// One value, and the tokens in it, which pacing counts.
    Whole {
        bytes: Bytes,
        tokens: usize,
    },
    Events(Vec<Event>),
}

/// What faults put in place of an answer's own events.
#[derive(Debug, Clone)]
pub(crate) struct Replacements {
    pub(crate) ping: &'static [u8],
    pub(crate) error_event: Bytes,
}

/// The steps for `answer` under `fault`. Where a fault does not fit the answer, nothing fires.
pub(crate) fn plan(
    answer: &Answer,
    fault: Option<&Fault>,
    pacing: Pacing,
    replacements: &Replacements,
) -> Vec<Step> {
    match fault {
        Some(Fault::Closed) => return vec![Step::Fire, Step::Close],
        Some(Fault::Reset) => return vec![Step::Fire, Step::Reset],
        Some(Fault::Silence) => return vec![Step::Fire, Step::Hang],
        Some(Fault::Garbage) => {
            let garbage = Step::Write(Bytes::from_static(GARBAGE));
            return vec![garbage, Step::Fire, Step::Close];
        }
        Some(Fault::GzipBomb { bytes }) => return gzip_bomb::steps(answer, *bytes),
        _ => {}
    }
    match &answer.body {
        Body::Whole { bytes, tokens } => {
            let mut steps = Vec::new();
            let latency = pacing.whole_answer(*tokens);
            if !latency.is_zero() {
                steps.push(Step::Wait(latency));
            }
            steps.extend(plan_whole(answer, bytes, fault));
            steps
        }
        Body::Events(events) => {
            let stream = StreamPlan {
                answer,
                head: chunked_head(answer.status, &answer.headers),
                events,
                pacing,
            };
            stream.steps(fault, replacements)
        }
    }
}

fn plan_whole(answer: &Answer, body: &Bytes, fault: Option<&Fault>) -> Vec<Step> {
    let send = |body: &[u8]| whole(answer.status, &answer.headers, body);
    // A head that promises the whole body, and a part of it.
    let promise = |part: usize| {
        let mut bytes = response_head(answer.status, &answer.headers, Framing::Length(body.len()));
        bytes.extend_from_slice(&body[..part.min(body.len())]);
        Step::Write(bytes.freeze())
    };
    let half = body.len() / 2;
    let cut = |at: usize, ending: Ending| match ending {
        _ if at >= body.len() => vec![send(body)],
        Ending::Clean => vec![Step::Fire, send(&body[..at])],
        Ending::Fin => vec![promise(at), Step::Fire, Step::Close],
        Ending::Rst => vec![
            promise(at),
            Step::Wait(BEFORE_RESET),
            Step::Fire,
            Step::Reset,
        ],
    };
    match fault {
        Some(Fault::SlowHead { per_byte }) => {
            let head =
                response_head(answer.status, &answer.headers, Framing::Length(body.len())).freeze();
            let slow = Step::Trickle {
                bytes: head,
                per_byte: PerByte::Raw,
                pause: *per_byte,
            };
            vec![Step::Fire, slow, Step::Write(body.clone())]
        }
        Some(Fault::CutAfter { ending, .. }) => cut(half, *ending),
        Some(Fault::TruncateAt { bytes, ending }) => cut(*bytes, *ending),
        Some(Fault::Stall { .. }) => vec![promise(half), Step::Fire, Step::Hang],
        Some(Fault::Trickle { per_byte }) => {
            let slow = Step::Trickle {
                bytes: body.clone(),
                per_byte: PerByte::Raw,
                pause: *per_byte,
            };
            vec![promise(0), Step::Fire, slow]
        }
        Some(Fault::MalformedJson) => vec![Step::Fire, send(&body[..half])],
        Some(Fault::EmptyBody) => vec![Step::Fire, send(b"")],
        Some(Fault::EndlessBody) => {
            let head = chunked_head(answer.status, &answer.headers);
            let filler = vec![b'x'; ENDLESS_PIECE_BYTES];
            vec![
                Step::Write(head),
                Step::Write(chunk(b"{\"endless\":\"")),
                Step::Fire,
                Step::Repeat {
                    bytes: chunk(&filler),
                    pause: Duration::ZERO,
                },
            ]
        }
        Some(Fault::PingsOnly { every }) => {
            // White space before JSON is how vendors keep a unary connection alive.
            let head = chunked_head(answer.status, &answer.headers);
            let pings = Step::Repeat {
                bytes: chunk(b"\n"),
                pause: *every,
            };
            vec![Step::Write(head), Step::Fire, pings]
        }
        // These have already shaped the answer.
        Some(
            Fault::Error { .. }
            | Fault::ErrorEventBeforeContent { .. }
            | Fault::ErrorEventAfter { .. }
            | Fault::Html { .. }
            | Fault::GiganticEvent { .. }
            | Fault::InvalidUtf8
            | Fault::ContentType { .. }
            | Fault::ManyHeaders { .. }
            | Fault::DeepJson { .. },
        ) => vec![Step::Fire, send(body)],
        Some(Fault::WrongLength { by }) => wrong_length(answer, body, *by),
        // These belong to streams or to HTTP/2, or never come here.
        Some(
            Fault::Closed
            | Fault::Reset
            | Fault::Silence
            | Fault::Garbage
            | Fault::GzipBomb { .. }
            | Fault::SseTorture(_)
            | Fault::Http2(_),
        )
        | None => vec![send(body)],
    }
}

/// The whole body under a length that it does not have.
fn wrong_length(answer: &Answer, body: &[u8], by: isize) -> Vec<Step> {
    let claimed = body.len().saturating_add_signed(by);
    let mut bytes = response_head(answer.status, &answer.headers, Framing::Length(claimed));
    bytes.extend_from_slice(body);
    let mut steps = vec![Step::Fire, Step::Write(bytes.freeze())];
    if by > 0 {
        // A vendor that miscounts believes that it is done.
        steps.push(Step::Hang);
    }
    steps
}

struct StreamPlan<'a> {
    answer: &'a Answer,
    head: Bytes,
    events: &'a [Event],
    pacing: Pacing,
}

impl StreamPlan<'_> {
    fn steps(&self, fault: Option<&Fault>, replacements: &Replacements) -> Vec<Step> {
        let events = self.events;
        let prefix = events
            .iter()
            .take_while(|event| event.kind == EventKind::Framing)
            .count();
        match fault {
            Some(Fault::SlowHead { per_byte }) => {
                let slow = Step::Trickle {
                    bytes: self.head.clone(),
                    per_byte: PerByte::Raw,
                    pause: *per_byte,
                };
                let mut steps = vec![Step::Fire, slow];
                steps.extend(self.paced(events.len()));
                steps.push(last_chunk());
                steps
            }
            Some(Fault::ErrorEventBeforeContent { .. }) => {
                let mut steps = self.until(prefix);
                steps.push(Step::Fire);
                steps.extend(piece(&replacements.error_event));
                steps.push(last_chunk());
                steps
            }
            Some(Fault::ErrorEventAfter { tokens, .. }) => {
                let mut steps = self.until(self.after_tokens(*tokens));
                steps.push(Step::Fire);
                steps.extend(piece(&replacements.error_event));
                steps.push(last_chunk());
                steps
            }
            Some(Fault::CutAfter {
                events: after,
                ending,
            }) => {
                if *after >= events.len() && *ending == Ending::Clean {
                    return self.unharmed(&[]);
                }
                let mut steps = self.until(*after);
                steps.extend(ended(*ending));
                steps
            }
            Some(Fault::TruncateAt { bytes, ending }) => self.truncated(*bytes, *ending),
            Some(Fault::Stall { events: after }) => {
                let mut steps = self.until(*after);
                steps.extend([Step::Fire, Step::Hang]);
                steps
            }
            Some(Fault::Trickle { per_byte }) => {
                let slow = Step::Trickle {
                    bytes: self.all(),
                    per_byte: PerByte::Chunk,
                    pause: *per_byte,
                };
                vec![
                    Step::Write(self.head.clone()),
                    Step::Fire,
                    slow,
                    last_chunk(),
                ]
            }
            Some(Fault::MalformedJson) => {
                let mut steps = self.until(prefix);
                steps.push(Step::Fire);
                if let Some(event) = events.get(prefix) {
                    // Half an event, ended as if it were a whole one.
                    let mut broken = BytesMut::from(&event.bytes[..event.bytes.len() / 2]);
                    broken.extend_from_slice(b"\n\n");
                    steps.extend(piece(&broken));
                }
                steps.extend(self.paced_range(prefix + 1, events.len()));
                steps.push(last_chunk());
                steps
            }
            Some(Fault::EmptyBody) => {
                vec![Step::Write(self.head.clone()), Step::Fire, last_chunk()]
            }
            Some(Fault::EndlessBody) => {
                let again = events
                    .get(prefix)
                    .map_or(replacements.ping, |event| event.bytes.as_ref());
                let mut steps = self.until(prefix);
                steps.push(Step::Fire);
                steps.push(Step::Repeat {
                    bytes: chunk(again),
                    pause: Duration::ZERO,
                });
                steps
            }
            Some(Fault::PingsOnly { every }) => {
                let mut steps = self.until(prefix);
                steps.push(Step::Fire);
                steps.push(Step::Repeat {
                    bytes: chunk(replacements.ping),
                    pause: *every,
                });
                steps
            }
            // These have already shaped the events.
            Some(
                Fault::GiganticEvent { .. }
                | Fault::InvalidUtf8
                | Fault::Error { .. }
                | Fault::Html { .. }
                | Fault::ContentType { .. }
                | Fault::ManyHeaders { .. }
                | Fault::DeepJson { .. },
            ) => self.unharmed(&[Step::Fire]),
            Some(Fault::WrongLength { by }) => wrong_length(self.answer, &self.all(), *by),
            Some(Fault::SseTorture(torture)) => {
                let mut steps = vec![Step::Write(self.head.clone()), Step::Fire];
                steps.extend(
                    sse_torture::pieces(*torture, events).map(|bytes| Step::Write(chunk(&bytes))),
                );
                steps.push(last_chunk());
                steps
            }
            // These belong to HTTP/2, or never come here.
            Some(
                Fault::Closed
                | Fault::Reset
                | Fault::Silence
                | Fault::Garbage
                | Fault::GzipBomb { .. }
                | Fault::Http2(_),
            )
            | None => self.unharmed(&[]),
        }
    }

    /// The whole body without framing.
    fn all(&self) -> Bytes {
        let mut all = BytesMut::new();
        for event in self.events {
            all.extend_from_slice(&event.bytes);
        }
        all.freeze()
    }

    fn unharmed(&self, before: &[Step]) -> Vec<Step> {
        let mut steps = before.to_vec();
        steps.extend(self.until(self.events.len()));
        steps.push(last_chunk());
        steps
    }

    /// The head and the first events.
    fn until(&self, events: usize) -> Vec<Step> {
        let mut steps = vec![Step::Write(self.head.clone())];
        steps.extend(self.paced(events));
        steps
    }

    fn paced(&self, events: usize) -> Vec<Step> {
        self.paced_range(0, events)
    }

    /// Events `from..to` with the waits before content.
    fn paced_range(&self, from: usize, to: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut content_before = self
            .events
            .iter()
            .take(from)
            .filter(|event| event.kind == EventKind::Content)
            .count();
        for event in self.events.iter().take(to).skip(from) {
            if event.kind == EventKind::Content {
                steps.extend(self.wait_before(content_before));
                content_before += 1;
            }
            steps.extend(piece(&event.bytes));
        }
        steps
    }

    fn wait_before(&self, content_before: usize) -> Option<Step> {
        let wait = match content_before {
            0 => self.pacing.ttft,
            _ => self.pacing.between_tokens,
        };
        (!wait.is_zero()).then_some(Step::Wait(wait))
    }

    /// Number of events up to and including the content event with this number.
    fn after_tokens(&self, tokens: usize) -> usize {
        let mut seen = 0;
        for (index, event) in self.events.iter().enumerate() {
            if event.kind == EventKind::Content {
                if seen == tokens {
                    return index;
                }
                seen += 1;
            }
        }
        // Fewer tokens than asked for: the error takes the place of what ends the stream.
        let tail = self.events.iter().rev();
        self.events.len()
            - tail
                .take_while(|event| event.kind == EventKind::Framing)
                .count()
    }

    fn truncated(&self, limit: usize, ending: Ending) -> Vec<Step> {
        let mut left = limit;
        for (index, event) in self.events.iter().enumerate() {
            if event.bytes.len() > left {
                let mut steps = self.until(index);
                steps.extend(piece(&event.bytes[..left]));
                steps.extend(ended(ending));
                return steps;
            }
            left -= event.bytes.len();
        }
        self.unharmed(&[])
    }
}

/// The steps that end a chunked body before its time.
fn ended(ending: Ending) -> Vec<Step> {
    match ending {
        Ending::Clean => vec![Step::Fire, last_chunk()],
        Ending::Fin => vec![Step::Fire, Step::Close],
        Ending::Rst => vec![Step::Wait(BEFORE_RESET), Step::Fire, Step::Reset],
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Body, Replacements, plan};
    use crate::dialect::{Event, EventKind};
    use crate::fault::{Ending, ErrorCase, Fault};
    use crate::pacing::Pacing;
    use crate::step::Step;
    use bytes::Bytes;
    use std::time::Duration;

    fn stream() -> Answer {
        let event = |kind, text: &'static str| Event {
            kind,
            bytes: Bytes::from_static(text.as_bytes()),
        };
        Answer {
            status: 200,
            headers: Vec::new(),
            body: Body::Events(vec![
                event(EventKind::Framing, "<role>"),
                event(EventKind::Content, "<one>"),
                event(EventKind::Content, "<two>"),
                event(EventKind::Framing, "<done>"),
            ]),
            usage: None,
        }
    }

    fn run(fault: Option<&Fault>, pacing: Pacing) -> Vec<Step> {
        let replacements = Replacements {
            ping: b"<ping>",
            error_event: Bytes::from_static(b"<error>"),
        };
        plan(&stream(), fault, pacing, &replacements)
    }

    /// What the body's chunks carry, and the steps that are no writes.
    fn transcript(steps: &[Step]) -> String {
        steps
            .iter()
            .map(|step| match step {
                Step::Write(bytes) if bytes.starts_with(b"HTTP/1.1") => "head ".to_owned(),
                Step::Write(bytes) if bytes.as_ref() == b"0\r\n\r\n" => "end ".to_owned(),
                Step::Write(bytes) => {
                    let text = String::from_utf8_lossy(bytes);
                    format!("{} ", text.split("\r\n").nth(1).unwrap())
                }
                Step::Wait(pause) => format!("{}ms ", pause.as_millis()),
                other => format!("{other:?} "),
            })
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    #[track_caller]
    fn check(fault: &Fault, expected: &str) {
        assert_eq!(transcript(&run(Some(fault), Pacing::default())), expected);
    }

    #[test]
    fn pacing_waits_before_content_only() {
        let pacing = Pacing::new(Duration::from_millis(300), Duration::from_millis(20));
        assert_eq!(
            transcript(&run(None, pacing)),
            "head <role> 300ms <one> 20ms <two> <done> end"
        );
    }

    #[test]
    fn faults_strike_where_they_say() {
        let case = ErrorCase::Overloaded;
        check(
            &Fault::ErrorEventBeforeContent { case },
            "head <role> Fire <error> end",
        );
        check(
            &Fault::ErrorEventAfter { tokens: 1, case },
            "head <role> <one> Fire <error> end",
        );
        check(
            &Fault::ErrorEventAfter { tokens: 9, case },
            "head <role> <one> <two> Fire <error> end",
        );
        check(&Fault::Stall { events: 1 }, "head <role> Fire Hang");
        let cut = |events, ending| Fault::CutAfter { events, ending };
        check(&cut(0, Ending::Clean), "head Fire end");
        check(&cut(2, Ending::Fin), "head <role> <one> Fire Close");
        check(&cut(1, Ending::Rst), "head <role> 20ms Fire Reset");
        let truncate = |bytes| Fault::TruncateAt {
            bytes,
            ending: Ending::Fin,
        };
        check(&truncate(8), "head <role> <o Fire Close");
        check(&truncate(6), "head <role> Fire Close");
        check(
            &Fault::MalformedJson,
            "head <role> Fire <o <two> <done> end"
                .replace("<o ", "<o\n\n ")
                .as_str(),
        );
        check(&Fault::EmptyBody, "head Fire end");
    }

    #[test]
    fn fault_beyond_the_answer_does_not_fire() {
        check(
            &Fault::CutAfter {
                events: 4,
                ending: Ending::Clean,
            },
            "head <role> <one> <two> <done> end",
        );
        check(
            &Fault::TruncateAt {
                bytes: 22,
                ending: Ending::Fin,
            },
            "head <role> <one> <two> <done> end",
        );
    }
}
