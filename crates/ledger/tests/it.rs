//! Public behaviour of the ledger.

mod it {
    mod bad_input;
    mod budgets;
    mod clock;
    mod crowd;
    mod exits;
    mod fleet;
    mod model;
    mod questions;
    mod support;
}
