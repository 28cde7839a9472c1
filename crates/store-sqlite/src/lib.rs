//! Keeps spend in an SQLite file.
