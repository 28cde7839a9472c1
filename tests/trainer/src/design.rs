//! Prompts as rows of numbers: the same features as in every request, with what each weighs.

use std::collections::BTreeSet;

use interline_routing::classifier::features::{self, Lexicon, SHAPE, Sink};

use crate::recipe::Recipe;

/// What is counted in one prompt, before anything is weighed.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) dense: Vec<f32>,
    pub(crate) buckets: [Vec<u32>; 3],
    pub(crate) is_document: bool,
}

/// Rows of `(column, value)`, all in one piece.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) entries: Vec<(u32, f32)>,
    pub(crate) ends: Vec<usize>,
}

/// Which columns there are, and what their values are multiplied with.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) dense: usize,
    /// The first column of each table, and one past the last.
    pub(crate) starts: [usize; 4],
    /// What a value of each column is multiplied with.
    pub(crate) factors: Vec<f64>,
}

struct Collector<'r> {
    bits: &'r [u32; 3],
    buckets: [BTreeSet<u32>; 3],
}

impl Collector<'_> {
    fn add(&mut self, table: usize, hash: u32) {
        self.buckets[table].insert(hash & ((1 << self.bits[table]) - 1));
    }
}

impl Sink for Collector<'_> {
    fn word(&mut self, hash: u32) {
        self.add(0, hash);
    }

    fn letters(&mut self, hash: u32) {
        self.add(1, hash);
    }

    fn place(&mut self, hash: u32) {
        self.add(2, hash);
    }
}

/// Counts one prompt.
pub(crate) fn count(text: &str, lexicon: &Lexicon, recipe: &Recipe) -> Counted {
    let mut collector = Collector {
        bits: &recipe.bits,
        buckets: Default::default(),
    };
    let dense = features::read(text, lexicon, &mut collector);
    Counted {
        dense: dense.values().to_vec(),
        buckets: collector.buckets.map(|set| set.into_iter().collect()),
        is_document: dense.is_document(),
    }
}

impl Columns {
    /// Weighs each column by the recipe, and hashed ones by how rare they are.
    pub(crate) fn of<'a>(
        prompts: impl Iterator<Item = &'a Counted>,
        groups: usize,
        recipe: &Recipe,
    ) -> Self {
        let dense = features::dense_len(groups);
        let mut starts = [dense; 4];
        for table in 0..3 {
            starts[table + 1] = starts[table] + (1 << recipe.bits[table]);
        }
        let mut seen = vec![0_u32; starts[3]];
        let mut number = 0_u32;
        for prompt in prompts {
            number += 1;
            for (table, buckets) in prompt.buckets.iter().enumerate() {
                for bucket in buckets {
                    seen[starts[table] + *bucket as usize] += 1;
                }
            }
        }
        let factors = (0..starts[3])
            .map(|column| {
                if column < SHAPE {
                    return recipe.shape_weight;
                }
                if column < dense {
                    return recipe.lexicon_weight;
                }
                let table = starts
                    .iter()
                    .rposition(|start| column >= *start)
                    .unwrap_or(0);
                let rarity = (f64::from(1 + number) / f64::from(1 + seen[column])).max(1.0);
                recipe.table_weights[table] * (libm::log(rarity) + 1.0) / 3.0
            })
            .collect();
        Self {
            dense,
            starts,
            factors,
        }
    }
}

impl Rows {
    /// Adds a prompt as a row.
    pub(crate) fn push(&mut self, prompt: &Counted, columns: &Columns) {
        let mut put = |column: usize, value: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
            let value = (value * columns.factors[column]) as f32;
            let column = u32::try_from(column).unwrap_or(u32::MAX);
            self.entries.push((column, value));
        };
        for (column, value) in prompt.dense.iter().enumerate() {
            if *value != 0.0 {
                put(column, f64::from(*value));
            }
        }
        for (table, buckets) in prompt.buckets.iter().enumerate() {
            let count = u32::try_from(buckets.len()).unwrap_or(u32::MAX);
            let length = f64::from(count.max(1)).sqrt();
            for bucket in buckets {
                put(columns.starts[table] + *bucket as usize, 1.0 / length);
            }
        }
        self.ends.push(self.entries.len());
    }

    /// The rows, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.entries[start..*end])
    }
}
