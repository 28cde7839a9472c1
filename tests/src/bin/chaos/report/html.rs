//! The report as one web page: no script, no network, every picture drawn in it.
//!
//! Everything that comes from outside the program's own text goes through [`markup::escaped`].

mod chart;
mod figure;
mod markup;
mod scenario;
mod tables;

use std::io;
use std::path::Path;

use super::document::Document;

/// Writes the page to a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(document: &Document, path: &Path) -> io::Result<()> {
    std::fs::write(path, page(document))
}

/// The page.
fn page(document: &Document) -> String {
    let style = include_str!("html/style.css");
    let title = if document.verdict.as_deref() == Some("pass") {
        "Chaos report: passed"
    } else {
        "Chaos report: failed"
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{HATCH}"
    );
    out.push_str(&tables::header(document));
    out.push_str("<main>\n");
    if let Some(day) = &document.day {
        out.push_str(&scenario::day(day));
    }
    out.push_str(&tables::side_by_side(document));
    out.push_str(&tables::summary(document));
    out.push_str(&scenario::all(document));
    out.push_str(&tables::other_tiers(document));
    out.push_str(&tables::invariants(document));
    out.push_str(&tables::controls(document));
    out.push_str(&tables::elsewhere(document));
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// The pattern with which pictures shade the times of faults; one for the whole page.
const HATCH: &str = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" style=\"position:absolute\"><defs>\
<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" class=\"hatch-line\"/>\
</pattern></defs></svg>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_report_says_becomes_markup() {
        let hostile = "<script>alert(1)</script>\"'&";
        let report = serde_json::json!({
            "commit": hostile,
            "verdict": hostile,
            "without": hostile,
            "scenarios": [{
                "name": hostile,
                "about": hostile,
                "tier": "sockets",
                "verdict": "fail",
                "invariants": [{
                    "id": hostile,
                    "verdict": "fail",
                    "what": hostile,
                    "breaches": [hostile],
                }],
                "seen": [{"fault": hostile, "attempt": hostile, "ended": hostile}],
            }],
            "controls": [{
                "mechanism": hostile,
                "scenario": hostile,
                "verdict": "fail",
                "broken": [hostile],
            }],
        });
        let document = serde_json::from_value(report).expect("the fields are those of the report");
        let page = page(&document);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }
}
