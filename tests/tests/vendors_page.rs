//! The page about vendors says what the code does.

use interline_tests::vendors_page;

#[test]
fn the_page_is_up_to_date() {
    let page = std::fs::read_to_string(vendors_page::file()).unwrap_or_default();
    assert!(
        page == vendors_page::text(),
        "docs/vendors.md is stale: run `cargo xtask vendors` and commit it"
    );
}
