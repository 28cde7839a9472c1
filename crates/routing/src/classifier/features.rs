//! What the linear model counts in a prompt: the same code for the trainer and for every request.
//!
//! Three kinds of hashed n-grams go to a [`Sink`]: words and pairs of words, pieces of three and four
//! letters, and words by their place at the start and the end. What is not hashed is a [`Dense`]
//! vector: the shape of the text, and how much of each [`Lexicon`] group it holds and where.
//! Long texts are read at both ends, since instructions stand at either.
//! Nothing here asks for memory; a megabyte costs as much as the two windows.

mod lexicon;
mod places;
mod shape;
mod tokens;
mod window;

pub use lexicon::{Lexicon, LexiconBuilder, MAX_GROUPS};
pub use shape::SHAPE;

use places::Places;
use shape::Shape;
use window::Window;

/// A prompt of more characters is a pasted document, unless it is code.
pub const DOCUMENT_CHARS: usize = 6_000;

/// Numbers of one lexicon group: how often, how densely, among the first three tokens, among the
/// first twelve, among the last twelve.
pub const GROUP_NUMBERS: usize = 5;

/// The longest [`Dense`] vector.
pub const MAX_DENSE: usize = SHAPE + MAX_GROUPS * GROUP_NUMBERS;

/// Takes the hashed n-grams of a text, each as often as it occurs.
pub trait Sink {
    /// A word or a pair of words.
    fn word(&mut self, hash: u32);
    /// Three or four letters in a row.
    fn letters(&mut self, hash: u32);
    /// A word by its place.
    fn place(&mut self, hash: u32);
}

/// What is not hashed: [`SHAPE`] numbers of the text's shape, then [`GROUP_NUMBERS`] for each group.
#[derive(Clone, Debug)]
pub struct Dense {
    values: [f32; MAX_DENSE],
    len: usize,
    words: usize,
    is_document: bool,
}

impl Dense {
    /// The numbers.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        self.values.get(..self.len).unwrap_or_default()
    }

    /// Words and numbers read; 0 where there is nothing to judge by.
    #[must_use]
    pub const fn words(&self) -> usize {
        self.words
    }

    /// Whether the text is a pasted document by its length: more than [`DOCUMENT_CHARS`], and no code.
    #[must_use]
    pub const fn is_document(&self) -> bool {
        self.is_document
    }
}

/// Numbers in a [`Dense`] vector for a lexicon of `groups`.
#[must_use]
pub const fn dense_len(groups: usize) -> usize {
    SHAPE + groups * GROUP_NUMBERS
}

/// Reads a text: n-grams go to `sink`, the rest comes back.
pub fn read(text: &str, lexicon: &Lexicon, sink: &mut impl Sink) -> Dense {
    let window = Window::of(text);
    let mut places = Places::new(lexicon.groups());
    let mut previous: Option<u32> = None;
    let mut words = 0;
    for part in window.parts() {
        tokens::each(part, |token| {
            let hash = token.hash;
            let mut groups = lexicon.groups_of(hash);
            if token.is_word_like() {
                words += usize::from(token.is_word());
                sink.word(hash);
                if let Some(before) = previous {
                    let pair = tokens::pair(before, hash);
                    sink.word(pair);
                    groups |= lexicon.groups_of(pair);
                }
                previous = Some(hash);
            }
            places.push(hash, groups, sink);
        });
        letters(part, sink);
    }
    places.finish(sink);
    let shape = Shape::of(text, &window, places.tokens());
    let mut dense = Dense {
        values: [0.0; MAX_DENSE],
        len: dense_len(lexicon.groups()),
        words,
        is_document: shape.is_document(),
    };
    let (head, tail) = dense.values.split_at_mut(SHAPE);
    head.copy_from_slice(shape.values());
    places.write(tail);
    dense
}

/// Three and four letters in a row inside every run without white space, with its borders.
fn letters(text: &str, sink: &mut impl Sink) {
    let mut last = [0_u32; 4];
    let mut known = 0_usize;
    let mut emit = |letter: u32, known: &mut usize, last: &mut [u32; 4]| {
        last.rotate_left(1);
        last[3] = letter;
        *known += 1;
        if *known >= 3 {
            let three = tokens::mix(tokens::mix(last[1], last[2]), last[3] ^ 0x3000_0000);
            sink.letters(three);
            if *known >= 4 {
                sink.letters(tokens::mix(last[0] ^ 0x4000_0000, three));
            }
        }
    };
    let border = u32::from(' ');
    for letter in text.chars() {
        if letter.is_whitespace() {
            if known > 0 {
                emit(border, &mut known, &mut last);
                known = 0;
            }
            continue;
        }
        if known == 0 {
            emit(border, &mut known, &mut last);
        }
        emit(tokens::lower(letter), &mut known, &mut last);
    }
    if known > 0 {
        emit(border, &mut known, &mut last);
    }
}
