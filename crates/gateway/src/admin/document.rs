//! What the admin API is, in OpenAPI's words.

use serde_json::{Value, json};

/// The document.
pub(super) fn openapi() -> Value {
    let parameter = |name: &str, what: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": what,
            "schema": {"type": "string"},
        })
    };
    let answer = |what: &str| {
        json!({
            "200": {"description": what, "content": {"application/json": {"schema": {"type": "object"}}}},
            "400": {"description": "The question is not understood."},
            "401": {"description": "The token is missing or wrong."},
        })
    };
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Interline admin API", "version": env!("CARGO_PKG_VERSION")},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/admin/stats": {"get": {
                "operationId": "stats",
                "summary": "How targets, routes, tasks and budgets fare, and what calls cost",
                "parameters": [
                    parameter("by", "What rows of spend are told apart by, separated by commas: hour, provider, model, key or tag. Default: provider,model."),
                    parameter("hours", "How many hours back, 1 to 840. Default: 24."),
                    parameter("provider", "Only calls to this connection."),
                    parameter("model", "Only calls to this model."),
                    parameter("key", "Only calls with the key of this name."),
                    parameter("tag", "Only calls with this tag."),
                ],
                "responses": answer("The figures."),
            }},
            "/admin/openapi.json": {"get": {
                "operationId": "document",
                "summary": "This document",
                "responses": answer("The document."),
            }},
        },
    })
}
