//! The compiled-in classifier asks for no memory: its scratch space is on the stack.

use std::hint::black_box;

use interline_routing::classifier::{Embedded, Examples, Prompt};

#[test]
fn classifying_asks_for_no_memory() {
    let model = Embedded::standard();
    let examples = Examples::standard();
    let long = "Ein langer Text mit Umlauten wie ä und ö, und 語. ".repeat(2_000);
    let texts = examples.as_slice().iter().map(|it| it.prompt.as_str());
    for text in texts.chain(["", &long]) {
        let counted = allocation_counter::measure(|| {
            black_box(model.classification(&Prompt::of_text(text)));
        });
        assert_eq!(counted.count_total, 0, "{text:.60}");
    }
}
