//! The kinds that are compiled in, and how their factories' complaints are placed.
#![cfg(all(feature = "config", feature = "openai", feature = "local"))]

use interline::{Config, Registry};

fn told(text: &str) -> String {
    let config = Config::parse(text, "test.yaml").expect("a good shape");
    let built = config.client_builder_with(&Registry::standard(), |_| Some("sk-secret".into()));
    match built.and_then(interline::ClientBuilder::build) {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn the_standard_registry_holds_what_is_compiled_in() {
    let registry = Registry::standard();
    let kinds: Vec<_> = registry.kinds().collect();
    for kind in ["local", "openai"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(kinds.contains(&"anthropic"), cfg!(feature = "anthropic"));
    let variable = registry.get("openai").and_then(|kind| kind.key_variable());
    assert_eq!(variable, Some("OPENAI_API_KEY"));
}

#[test]
fn complaints_of_a_kind_are_placed_where_the_setting_stands() {
    for (text, told_as) in [
        (
            "providers:\n  a: { kind: openai, api_key: '${K}', colour: red }",
            "test.yaml:2:47: providers.a: ",
        ),
        (
            "providers:\n  a: { kind: openai, api_key: '${K}', timeouts: { connect: soon } }",
            "test.yaml:2:49: providers.a: ",
        ),
        (
            "providers:\n  a: { kind: openai }",
            "test.yaml:2:6: providers.a: ",
        ),
        (
            "providers:\n  a: { kind: local, base_url: 'not a url' }",
            "test.yaml:2:31: providers.a: ",
        ),
    ] {
        let told = told(text);
        assert!(told.starts_with(told_as), "{told}");
        assert!(!told.contains("sk-secret"), "{told}");
    }
}

#[test]
fn the_settings_of_every_kind_are_in_the_schema() {
    let schema = Config::schema(&Registry::standard()).to_string();
    for key in ["api_key", "base_url", "headers", "connect"] {
        assert!(schema.contains(key), "{key}: {schema}");
    }
}
