//! What every format that comes in and every format that goes out make of each other, as golden files.
//!
//! A cell is one caller's format, one vendor's format and one case. Each pair of formats is one file in
//! `golden/`, with the cases as sections: what the caller asks, what the vendor receives, what it
//! answers, and what the caller gets. People review these files.

mod caller;
mod callers;
mod canned;
mod case;
mod check;
mod exchange;
mod golden;
mod leaves;
mod page;
mod rules;
mod said;
mod vendor;
mod vendors;

use caller::Caller;
use case::Case;
use check::Cell;
use vendor::Vendor;

#[tokio::test(start_paused = true)]
async fn every_pair_of_formats_translates_as_reviewed() {
    let mut wrong = Vec::new();
    let mut used = Vec::new();
    for caller in Caller::ALL {
        for vendor in Vendor::ALL {
            let name = format!("{}-to-{}.md", caller.name(), vendor.name());
            let mut page = page::begin(caller, vendor);
            for case in Case::ALL {
                let cell = Cell {
                    caller,
                    vendor,
                    case,
                    turn: 0,
                };
                let mut noted = Vec::new();
                let exchanges = exchange::of_cell(cell).await;
                for (turn, exchange) in exchanges.into_iter().enumerate() {
                    let cell = Cell { turn, ..cell };
                    let findings = check::exchange(cell, &exchange);
                    let place = |one: &String| format!("{name}: {case:?}: {one}");
                    wrong.extend(findings.wrong.iter().map(place));
                    used.extend(findings.used);
                    noted.push((exchange, findings.notes));
                }
                page::add(&mut page, case, &noted);
            }
            wrong.extend(golden::check(&name, &page).err());
        }
    }
    wrong.extend(rules::idle(&used));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
