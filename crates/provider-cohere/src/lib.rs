//! Cohere, over version 2 of its API.
