//! The public API of `crates/core` names no types of other packages, so that a provider crate written
//! against it stays valid whatever this workspace does with its dependencies.
//!
//! Allowed are the standard library and [`ALLOWED`]; everything else that `crates/core/Cargo.toml`
//! depends on is foreign. Looked at are, in every file outside `#[cfg(test)]`: signatures, bounds,
//! fields, variants, aliases and constants that are `pub`, whole traits, `pub use`, derives, and impls
//! for types that are not private to their file, with the trait's own path. A file's `use` lines tell
//! what a short name means.
//!
//! Not looked at: function bodies, and what `pub(…)` or nothing keeps inside. A `pub` item counts as
//! public even where its module keeps it in. Macros are not expanded: inside one at the level of items,
//! any foreign name is a finding.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, ItemUse, Path, Type, UseTree, Visibility};

use super::finding::Finding;
use super::tree::Tree;

/// The package whose public API is looked at.
const PACKAGE: &str = "crates/core";

/// What the public API may name beside the standard library: paths, each with everything below it.
const ALLOWED: [&str; 6] = [
    "bytes",
    "futures_core",
    "serde_json::Map",
    "serde_json::Number",
    "serde_json::Value",
    "tokio::time::Instant",
];

/// What may be handed on with `pub use`: the attribute that implementing [`PACKAGE`]'s traits needs.
const RE_EXPORTED: &str = "async_trait::async_trait";

/// Derives that implement traits of the standard library.
const STD_DERIVES: [&str; 9] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Eq",
    "Hash",
    "Ord",
    "PartialEq",
    "PartialOrd",
];

/// The section of a manifest that this check reads.
#[derive(serde::Deserialize)]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<String, serde::de::IgnoredAny>,
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let manifest_path = format!("{PACKAGE}/Cargo.toml");
    let Some(manifest) = tree.text(&manifest_path) else {
        return Vec::new();
    };
    let foreign: BTreeSet<String> = match basic_toml::from_str::<Manifest>(manifest) {
        Ok(manifest) => {
            let names = manifest.dependencies.keys();
            names.map(|name| name.replace('-', "_")).collect()
        }
        Err(error) => {
            let message = format!("cannot be read: {error}");
            return vec![Finding::new(manifest_path, 1, message)];
        }
    };
    let source = format!("{PACKAGE}/src/");
    let files = tree.rust().filter(|(path, _)| path.starts_with(&source));
    files
        .flat_map(|(path, text)| check_file(path, text, &foreign))
        .collect()
}

fn check_file(path: &str, text: &str, foreign: &BTreeSet<String>) -> Vec<Finding> {
    match syn::parse_file(text) {
        Ok(file) => {
            let mut api = Api {
                path,
                foreign,
                names: BTreeMap::new(),
                private: BTreeSet::new(),
                findings: Vec::new(),
            };
            api.items(&file.items);
            api.findings
        }
        Err(error) => {
            let line = error.span().start().line;
            vec![Finding::new(path, line, format!("is no Rust: {error}"))]
        }
    }
}

/// The public API of one file.
struct Api<'a> {
    path: &'a str,
    /// The packages that are not ours, as paths begin.
    foreign: &'a BTreeSet<String>,
    /// Short names of foreign things, with their paths.
    names: BTreeMap<String, String>,
    /// Types that only this file knows.
    private: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl Api<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Use(item) => self.imports(item),
                Item::Struct(item) if !is_public(&item.vis) => {
                    self.private.insert(item.ident.to_string());
                }
                Item::Enum(item) if !is_public(&item.vis) => {
                    self.private.insert(item.ident.to_string());
                }
                _ => {}
            }
        }
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Const(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Static(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Fn(item) if is_public(&item.vis) => self.visit_signature(&item.sig),
            Item::Type(item) if is_public(&item.vis) => {
                self.visit_generics(&item.generics);
                self.visit_type(&item.ty);
            }
            Item::Struct(item) if is_public(&item.vis) => {
                self.derives(&item.attrs);
                self.visit_generics(&item.generics);
                self.public_fields(&item.fields);
            }
            Item::Enum(item) if is_public(&item.vis) => {
                self.derives(&item.attrs);
                self.visit_generics(&item.generics);
                for variant in &item.variants {
                    for field in &variant.fields {
                        self.visit_type(&field.ty);
                    }
                }
            }
            Item::Trait(item) if is_public(&item.vis) => {
                // Signatures, associated types and bounds; bodies of defaults are passed over below.
                visit::visit_item_trait(self, item);
            }
            Item::Impl(item) => self.implementation(item),
            Item::Mod(item) if !is_test(&item.attrs) => {
                if let Some((_, items)) = &item.content {
                    self.items(items);
                }
            }
            Item::Macro(item) => self.tokens(item.mac.tokens.clone()),
            _ => {}
        }
    }

    fn public_fields(&mut self, fields: &Fields) {
        for field in fields {
            if is_public(&field.vis) {
                self.visit_type(&field.ty);
            }
        }
    }

    fn implementation(&mut self, item: &ItemImpl) {
        if is_test(&item.attrs) || self.is_private(&item.self_ty) {
            return;
        }
        let of_trait = item.trait_.is_some();
        if let Some((path, _)) = &item.trait_ {
            self.visit_path(path);
        }
        self.visit_generics(&item.generics);
        for inner in &item.items {
            match inner {
                ImplItem::Fn(inner) if of_trait || is_public(&inner.vis) => {
                    self.visit_signature(&inner.sig);
                }
                ImplItem::Const(inner) if of_trait || is_public(&inner.vis) => {
                    self.visit_type(&inner.ty);
                }
                ImplItem::Type(inner) => self.visit_type(&inner.ty),
                _ => {}
            }
        }
    }

    /// Whether an impl is for a type that only this file knows.
    fn is_private(&self, ty: &Type) -> bool {
        let Type::Path(ty) = ty else { return false };
        let last = ty.path.segments.last();
        last.is_some_and(|segment| self.private.contains(&segment.ident.to_string()))
    }

    fn derives(&mut self, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
            let nested = attribute.parse_nested_meta(|meta| {
                let name = shown(&meta.path);
                if !STD_DERIVES.contains(&name.as_str()) {
                    self.found(meta.path.span(), &format!("derive({name})"));
                }
                Ok(())
            });
            if nested.is_err() {
                self.found(attribute.span(), "a derive that cannot be read");
            }
        }
    }

    /// Learns what short names mean, and looks at what is handed on.
    fn imports(&mut self, item: &ItemUse) {
        let mut leaves = Vec::new();
        leaves_of(&item.tree, &mut Vec::new(), &mut leaves);
        for (path, name) in leaves {
            let root = path.split("::").next().unwrap_or_default();
            if !self.foreign.contains(root) {
                continue;
            }
            if name == "*" {
                self.found(item.span(), &format!("{path}::*"));
            } else if is_public(&item.vis) && path != RE_EXPORTED && !is_allowed(&path) {
                self.found(item.span(), &path);
            }
            self.names.insert(name, path);
        }
    }

    /// The inside of a macro: any name that leads to a foreign thing counts.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(word) => {
                    let name = word.to_string();
                    let path = self.names.get(&name).cloned().unwrap_or(name);
                    let root = path.split("::").next().unwrap_or_default();
                    if self.foreign.contains(root) && !is_allowed(&path) {
                        self.found(word.span(), &path);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn found(&mut self, span: Span, what: &str) {
        let allowed = ALLOWED.join(", ");
        let message = format!(
            "the public API of `{PACKAGE}` names `{what}`: wrap it in a type of its own, or keep it \
             inside (allowed are std, {allowed})"
        );
        let line = span.start().line;
        self.findings.push(Finding::new(self.path, line, message));
    }
}

impl<'ast> Visit<'ast> for Api<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        let written = shown(path);
        let (first, rest) = match written.split_once("::") {
            Some((first, rest)) => (first, Some(rest)),
            None => (written.as_str(), None),
        };
        let full = match (self.names.get(first), rest) {
            (Some(known), Some(rest)) => format!("{known}::{rest}"),
            (Some(known), None) => known.clone(),
            (None, _) => written.clone(),
        };
        let root = full.split("::").next().unwrap_or_default();
        if self.foreign.contains(root) && !is_allowed(&full) {
            self.found(path.span(), &full);
        }
        // Arguments such as those of `Option<…>` are paths of their own.
        visit::visit_path(self, path);
    }

    fn visit_block(&mut self, _: &'ast syn::Block) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

const fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let word = attribute.parse_args::<syn::Ident>();
        attribute.path().is_ident("cfg") && word.is_ok_and(|word| word == "test")
    })
}

/// A path without its arguments: `a::b::C`.
fn shown(path: &Path) -> String {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    names.join("::")
}

fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|allowed| {
        let below = path.strip_prefix(allowed);
        below.is_some_and(|below| below.is_empty() || below.starts_with("::"))
    })
}

/// Every name that a `use` brings, with its full path.
fn leaves_of(tree: &UseTree, above: &mut Vec<String>, leaves: &mut Vec<(String, String)>) {
    let full = |above: &[String], name: &str| {
        let above = above.iter().map(String::as_str);
        above.chain([name]).collect::<Vec<_>>().join("::")
    };
    match tree {
        UseTree::Path(tree) => {
            above.push(tree.ident.to_string());
            leaves_of(&tree.tree, above, leaves);
            above.pop();
        }
        UseTree::Group(tree) => {
            for inner in &tree.items {
                leaves_of(inner, above, leaves);
            }
        }
        UseTree::Name(tree) if tree.ident == "self" => {
            let name = above.last().cloned().unwrap_or_default();
            leaves.push((above.join("::"), name));
        }
        UseTree::Name(tree) => {
            let name = tree.ident.to_string();
            leaves.push((full(above, &name), name));
        }
        UseTree::Rename(tree) => {
            leaves.push((
                full(above, &tree.ident.to_string()),
                tree.rename.to_string(),
            ));
        }
        UseTree::Glob(_) => leaves.push((above.join("::"), "*".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"core\"\n[dependencies]\nasync-trait = \"1\"\n\
        bytes.workspace = true\nfutures-core = \"0.3\"\nserde = { version = \"1\" }\n\
        serde_json = \"1\"\ntokio = \"1\"\n";

    fn found(source: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/core/Cargo.toml", MANIFEST),
            ("crates/core/src/a.rs", source),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    /// The planted violation is found on its line, by its full name.
    #[track_caller]
    fn check_one(source: &str, line: usize, named: &str) {
        let found = found(source);
        assert_eq!(found.len(), 1, "{found:?}");
        let place = format!("crates/core/src/a.rs:{line}: ");
        assert!(found[0].starts_with(&place), "{found:?}");
        assert!(found[0].contains(&format!("`{named}`")), "{found:?}");
    }

    #[track_caller]
    fn check_none(source: &str) {
        assert_eq!(found(source), Vec::<String>::new());
    }

    #[test]
    fn planted_types_are_found_wherever_callers_see_them() {
        let json_error = "serde_json::Error";
        check_one(
            "pub fn f() -> Result<(), serde_json::Error> {}",
            1,
            json_error,
        );
        check_one(
            "use serde_json::Error;\npub struct S { pub e: Vec<Error> }",
            2,
            json_error,
        );
        check_one(
            "use serde_json as j;\npub type E = Option<j::Error>;",
            2,
            json_error,
        );
        check_one(
            "use serde_json::{Error as E};\npub enum A { B(E), C }",
            2,
            json_error,
        );
        check_one(
            "pub const N: Option<serde_json::Error> = None;",
            1,
            json_error,
        );
        check_one(
            "pub struct S;\nimpl S { pub fn f(&self, e: &serde_json::Error) {} }",
            2,
            json_error,
        );
        check_one(
            "pub fn f<T: serde::Serialize>(t: T) {}",
            1,
            "serde::Serialize",
        );
        check_one(
            "pub trait T { fn f(&self) -> tokio::task::JoinHandle<()>; }",
            1,
            "tokio::task::JoinHandle",
        );
        check_one("pub trait T: serde::Serialize {}", 1, "serde::Serialize");
        check_one(
            "pub fn f() -> impl Iterator<Item = tokio::time::Sleep> {}",
            1,
            "tokio::time::Sleep",
        );
        check_one(
            "pub mod inner {\n    pub fn f(e: serde_json::Error) {}\n}",
            2,
            json_error,
        );
    }

    #[test]
    fn planted_traits_and_names_that_are_handed_on_are_found() {
        check_one(
            "pub struct S;\nimpl From<serde_json::Error> for S { fn from(e: u8) -> S { S } }",
            2,
            "serde_json::Error",
        );
        check_one(
            "pub struct S;\nimpl serde::Serialize for S {}",
            2,
            "serde::Serialize",
        );
        check_one(
            "#[derive(Clone, Serialize)]\npub struct S;",
            1,
            "derive(Serialize)",
        );
        check_one("pub use serde_json::Error;", 1, "serde_json::Error");
        check_one("use serde_json::*;", 1, "serde_json::*");
        check_one("make! { pub struct S(serde::Token); }", 1, "serde");
    }

    #[test]
    fn what_is_allowed_or_kept_inside_is_no_finding() {
        check_none("use serde_json::{Map, Value};\npub struct S { pub v: Map<String, Value> }");
        check_none("use tokio::time::Instant;\npub fn f(at: Instant, b: bytes::Bytes) {}");
        check_none(
            "use futures_core::Stream;\npub struct S;\nimpl Stream for S { type Item = u8; }",
        );
        check_none("pub use async_trait::async_trait;\n#[async_trait]\npub trait T {}");
        check_none("pub struct S { e: serde_json::Error }");
        check_none("pub(crate) fn f(e: serde_json::Error) {}\nfn g() -> serde_json::Error {}");
        check_none("pub fn f() { let e: serde_json::Error; }");
        check_none("struct P;\nimpl serde::Serialize for P {}");
        check_none("#[cfg(test)]\nmod tests {\n    pub fn f(e: serde_json::Error) {}\n}");
        check_none("pub struct S;\nimpl S { fn f(e: serde_json::Error) {} }");
        check_none("pub struct Error;\npub fn f() -> Error {}");
    }

    #[test]
    fn only_core_is_looked_at() {
        let tree = Tree::of(&[
            ("crates/core/Cargo.toml", MANIFEST),
            ("crates/x/src/lib.rs", "pub fn f(e: serde_json::Error) {}"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
