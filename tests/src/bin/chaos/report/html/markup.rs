//! Text into markup: escaping, and the few elements that tables are made of.

use std::fmt::Write as _;

/// Text that is safe between tags and in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A name for links within the page.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{kind}-{}", name.chars().map(safe).collect::<String>())
}

/// A coloured word: the verdict.
pub(super) fn badge(is_passed: bool) -> &'static str {
    if is_passed {
        "<span class=\"badge pass\">pass</span>"
    } else {
        "<span class=\"badge fail\">fail</span>"
    }
}

/// A table being written: every cell is escaped unless it is said to be markup.
#[derive(Debug)]
pub(super) struct Table {
    out: String,
}

impl Table {
    /// A table with a caption for those who hear it, and its column heads. A head that starts with `#` is a column of numbers.
    pub(super) fn new(caption: &str, heads: &[&str]) -> Self {
        let mut out = format!(
            "<div class=\"scroll\"><table><caption>{}</caption><thead><tr>",
            escaped(caption)
        );
        for head in heads {
            match head.strip_prefix('#') {
                Some(head) => {
                    let _ = write!(out, "<th scope=\"col\" class=\"n\">{}</th>", escaped(head));
                }
                None => {
                    let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(head));
                }
            }
        }
        out.push_str("</tr></thead><tbody>\n");
        Self { out }
    }

    /// Begins a row of a class.
    pub(super) fn row(&mut self, class: &str) -> &mut Self {
        let _ = write!(self.out, "<tr class=\"{}\">", escaped(class));
        self
    }

    /// A cell of text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let _ = write!(self.out, "<td>{}</td>", escaped(text));
        self
    }

    /// A cell of a number.
    pub(super) fn number(&mut self, text: &str) -> &mut Self {
        let _ = write!(self.out, "<td class=\"n\">{}</td>", escaped(text));
        self
    }

    /// A cell of a number that is better or worse than others.
    pub(super) fn rated(&mut self, text: &str, class: &str) -> &mut Self {
        let class = escaped(class);
        let _ = write!(self.out, "<td class=\"n {class}\">{}</td>", escaped(text));
        self
    }

    /// A cell of markup, which the caller has escaped.
    pub(super) fn markup(&mut self, markup: &str) -> &mut Self {
        let _ = write!(self.out, "<td>{markup}</td>");
        self
    }

    /// Ends a row.
    pub(super) fn end(&mut self) {
        self.out.push_str("</tr>\n");
    }

    /// The table.
    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</tbody></table></div>\n");
        self.out
    }
}

/// A share as a percentage, with as many digits as tell it from 100 %.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 100.0 && percent > 99.9 {
        // Never rounded up to a hundred.
        format!("{:.3} %", (percent * 1e3).floor() / 1e3)
    } else {
        format!("{percent:.2} %")
    }
}

/// A figure of a check: whole numbers whole, others with three digits.
pub(super) fn figure(value: Option<f64>) -> String {
    match value {
        None => "never".to_owned(),
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => grouped(value),
        Some(value) => format!("{value:.3}"),
    }
}

/// Milliseconds.
pub(super) fn ms(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| grouped(value.round()))
}

/// So many of something.
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count as f64))
}

/// A whole number with a thin space between thousands.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    if value < 0.0 {
        format!("−{out}")
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_below_one_is_never_shown_as_a_hundred_percent() {
        assert_eq!(percent(1.0), "100.00 %");
        assert_eq!(percent(0.999_999_9), "99.999 %");
        assert_eq!(percent(0.5), "50.00 %");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1_234_567.0), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(-1_000.0), "−1\u{202f}000");
    }
}
