//! The shape of a text: its length, lines, paragraphs, marks, and what looks like code.

use super::window::Window;
use super::{DOCUMENT_CHARS, tokens};

/// Numbers that describe the shape.
pub const SHAPE: usize = 40;

/// The shape of a text.
#[derive(Debug)]
pub(super) struct Shape {
    values: [f32; SHAPE],
    is_document: bool,
}

/// What is counted in one pass over both ends.
#[derive(Debug, Default)]
struct Marks {
    letters: usize,
    foreign: usize,
    capitals: usize,
    digits: usize,
    numbers: usize,
    brackets: usize,
    operators: usize,
    questions: usize,
    quotes: usize,
    dollars: usize,
    backslashes: usize,
    code_joints: usize,
    fences: usize,
}

/// What is counted line by line.
#[derive(Debug, Default)]
struct Lines {
    lines: usize,
    paragraphs: usize,
    first_paragraph: usize,
    last_paragraph: usize,
    labels: usize,
    items: usize,
    code_ends: usize,
}

impl Shape {
    pub(super) fn of(text: &str, window: &Window<'_>, tokens: usize) -> Self {
        let chars = chars(text);
        let bytes = small(window.bytes().max(1));
        let mut marks = Marks::default();
        let mut lines = Lines::default();
        for part in window.parts() {
            marks.read(part);
            lines.read(part);
        }
        let trimmed = text.trim();
        let ends = |mark: &[char]| flag(trimmed.ends_with(mark));
        let share = |count: usize, scale: f32| (small(count) / bytes * scale).min(2.0);
        let of_lines = |count: usize| small(count) / small(lines.lines.max(1));
        let letters = small(marks.letters.max(1));
        let has_paragraphs = lines.paragraphs > 1;
        let code = share(marks.brackets + lines.code_ends, 10.0);
        let values = [
            log1p(chars) / 10.0,
            flag(chars < 25),
            flag(chars < 60),
            flag(chars < 120),
            flag(chars < 250),
            flag(chars < 600),
            flag(chars > 1_500),
            flag(chars > 3_000),
            flag(tokens <= 4),
            flag(tokens <= 8),
            flag(tokens <= 15),
            share(lines.lines.saturating_sub(1), 20.0),
            flag(lines.lines > 1),
            small(lines.lines.min(20)) / 10.0,
            flag(has_paragraphs),
            small(lines.paragraphs.min(8)) / 4.0,
            log1p(lines.first_paragraph) / 8.0,
            log1p(lines.last_paragraph) / 8.0,
            flag(has_paragraphs && lines.first_paragraph < 150),
            flag(has_paragraphs && lines.last_paragraph < 150),
            of_lines(lines.labels),
            of_lines(lines.items),
            of_lines(lines.code_ends),
            flag(marks.fences > 0),
            share(marks.digits, 5.0),
            small(marks.numbers.min(10)) / 5.0,
            code,
            share(marks.operators, 20.0),
            share(marks.dollars, 50.0),
            flag(marks.backslashes > 0),
            flag(marks.code_joints > 0),
            log1p(marks.code_joints),
            small(marks.questions.min(5)) / 3.0,
            small(marks.quotes.min(8)) / 6.0,
            small(marks.capitals) / letters * 3.0,
            small(marks.foreign) / letters,
            ends(&['?', '？', '؟']),
            ends(&[':', '：']),
            ends(&['.', '。']),
            flag(trimmed.chars().next().is_some_and(char::is_lowercase)),
        ];
        Self {
            values,
            is_document: chars > DOCUMENT_CHARS && !looks_like_code(&marks, &lines, bytes),
        }
    }

    pub(super) const fn values(&self) -> &[f32; SHAPE] {
        &self.values
    }

    pub(super) const fn is_document(&self) -> bool {
        self.is_document
    }
}

/// Whether the ends of a long text are code: names joined as programmers do, or lines that end like
/// statements. Brackets alone are no sign: transcripts mark noises with them.
///
/// The bounds are chosen, not measured.
fn looks_like_code(marks: &Marks, lines: &Lines, bytes: f32) -> bool {
    let statements = small(lines.code_ends) / small(lines.lines.max(1));
    let joints = small(marks.code_joints) / bytes;
    marks.fences > 0 || statements > 0.2 || joints > 0.008
}

impl Marks {
    fn read(&mut self, text: &str) {
        let mut before = ' ';
        let mut fence = 0;
        for letter in text.chars() {
            if letter.is_ascii_lowercase() {
                self.letters += 1;
                self.code_joints += usize::from(matches!(before, '_' | '.'));
            } else if letter.is_alphabetic() {
                self.letters += 1;
                self.foreign += usize::from(letter > '\u{24f}');
                let is_capital = !tokens::is_beyond_case(letter) && letter.is_uppercase();
                self.capitals += usize::from(is_capital);
                // `camelCase`, `snake_case` and `object.member`.
                self.code_joints += usize::from(is_capital && before.is_lowercase());
                self.code_joints += usize::from(before == '_');
                self.code_joints += usize::from(before == '.' && letter.is_lowercase());
            } else if letter.is_ascii_digit() {
                self.digits += 1;
                self.numbers += usize::from(!before.is_ascii_digit());
            } else {
                match letter {
                    '{' | '}' | '[' | ']' | '<' | '>' | ';' | '_' | '=' => self.brackets += 1,
                    '(' => {
                        self.brackets += 1;
                        self.code_joints += usize::from(before.is_alphanumeric());
                    }
                    ')' => self.brackets += 1,
                    '?' | '？' | '؟' => self.questions += 1,
                    '"' | '“' | '”' | '«' | '»' | '„' => self.quotes += 1,
                    '$' => self.dollars += 1,
                    '\\' => self.backslashes += 1,
                    _ => {}
                }
                let is_operator =
                    matches!(letter, '+' | '*' | '/' | '=' | '^' | '<' | '>' | '×' | '÷');
                self.operators += usize::from(is_operator);
            }
            fence = if letter == '`' { fence + 1 } else { 0 };
            self.fences += usize::from(fence == 3);
            before = letter;
        }
    }
}

impl Lines {
    fn read(&mut self, text: &str) {
        let mut is_new = true;
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() {
                is_new = true;
                continue;
            }
            if is_new {
                self.paragraphs += 1;
                self.last_paragraph = 0;
                is_new = false;
            }
            self.lines += 1;
            self.last_paragraph += line.len();
            if self.paragraphs == 1 {
                self.first_paragraph += line.len();
            }
            self.labels += usize::from(is_labelled(line));
            self.items += usize::from(is_item(line));
            self.code_ends += usize::from(ends_like_code(line));
        }
    }
}

/// `Text: …`, `Alice: …`: a short name before a colon.
fn is_labelled(line: &str) -> bool {
    line.bytes()
        .take(24)
        .position(|byte| byte == b':')
        .is_some_and(|place| place > 0)
}

/// `…;`, `… {`, and lines that only close what such lines opened.
fn ends_like_code(line: &str) -> bool {
    line.ends_with([';', '{']) || (line.len() <= 3 && line.starts_with('}'))
}

/// `- …`, `3. …`, `B) …`.
fn is_item(line: &str) -> bool {
    let mut letters = line.chars();
    match letters.next() {
        Some('-' | '*' | '•' | '–') => letters.next() == Some(' '),
        Some(first) if first.is_ascii_alphanumeric() => {
            let mut mark = letters.next();
            if first.is_ascii_digit() && mark.is_some_and(|next| next.is_ascii_digit()) {
                mark = letters.next();
            }
            matches!(mark, Some('.' | ')'))
        }
        Some('(') => true,
        _ => false,
    }
}

/// Characters, counted only where it may matter: long texts count their bytes.
fn chars(text: &str) -> usize {
    // A character has four bytes at most, so this many are above every bound here.
    const PLENTY: usize = DOCUMENT_CHARS * 4 + 4;
    if text.len() > PLENTY {
        return text.len();
    }
    text.chars().count()
}

const fn flag(is_set: bool) -> f32 {
    if is_set { 1.0 } else { 0.0 }
}

/// A count as a number; counts above 65,535 are all the same here.
pub(super) fn small(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// About the natural logarithm of `1 + count`, from shifts and one product, so that no platform's
/// mathematics decides what the trained weights mean: linear between powers of two.
pub(super) fn log1p(count: usize) -> f32 {
    let number = u32::try_from(count)
        .unwrap_or(u32::MAX - 1)
        .saturating_add(1);
    let whole = number.ilog2();
    let rest = number - (1 << whole);
    #[expect(
        clippy::cast_precision_loss,
        reason = "24 bits are plenty for a logarithm that is linear in between"
    )]
    let fraction = rest as f32 / (1_u32 << whole) as f32;
    (small(whole as usize) + fraction) * std::f32::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> bool {
        Shape::of(text, &Window::of(text), 10).is_document()
    }

    #[test]
    fn a_long_text_is_a_document_and_long_code_is_not() {
        let prose = "The committee met again and talked at length about the plan. ".repeat(110);
        assert!(document(&prose));
        assert!(!document("too short"));
        let code = "    let total = items.iter().map(|item| item.price).sum();\n".repeat(110);
        assert!(!document(&code));
        let foreign = "委員会は再び集まり、計画について長く話し合いました。".repeat(300);
        assert!(document(&foreign));
    }

    #[test]
    fn the_logarithm_is_near_the_true_one() {
        for count in [0, 1, 2, 3, 10, 100, 1_000, 65_535] {
            let truth = (1.0 + f64::from(u32::try_from(count).expect("small"))).ln();
            assert!((f64::from(log1p(count)) - truth).abs() < 0.07, "{count}");
        }
        assert!(log1p(usize::MAX) > 22.0);
    }

    #[test]
    fn items_and_labels_are_seen_at_the_start_of_a_line() {
        for (line, item, label) in [
            ("- milk", true, false),
            ("12. eggs", true, false),
            ("B) bread", true, false),
            ("Alice: hello", false, true),
            ("hello", false, false),
            (": nothing", false, false),
            ("élan", false, false),
        ] {
            assert_eq!((is_item(line), is_labelled(line)), (item, label), "{line}");
        }
    }
}
