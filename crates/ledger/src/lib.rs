//! Spend and budgets.
