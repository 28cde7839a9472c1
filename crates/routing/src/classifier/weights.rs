//! The numbers of the compiled-in model, and the file they are kept in.
//!
//! The file is little-endian, in this order:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `ILCL` |
//! | 4 | version, 1 |
//! | 4 × 6 | lexicon groups; lexicon slots; distinct sets of groups; bits of the tables of words, letters, places |
//! | 4 × 4 | temperature; margin; complexity: offset; share that adds to it for each prompt |
//! | 8 × sets | sets of groups, a bit a group |
//! | 5 × slots | hash of the word, number of its set (0: the slot is free) |
//! | 4 × 8 × numbers | for each dense number: a weight for each class |
//! | 4 × 8 | offset of each class |
//! | 4 × 8 + 8 × 2^bits, three times | for each table: a scale for each class, then a weight for each bucket and class |
//!
//! The eight classes are the tasks in their order; a long document is told by its length alone.

use interline_core::Error;

use super::Task;
use super::features::{self, Lexicon};

/// Tasks that the linear model tells apart: all but [`Task::LongDocument`].
pub const CLASSES: usize = 8;

/// Tables of hashed n-grams: words, letters, places.
pub const TABLES: usize = 3;

/// The largest table, in bits of its index.
pub const MAX_BITS: u32 = 15;

const MAGIC: &[u8; 4] = b"ILCL";
const VERSION: u32 = 1;

/// The numbers of a linear model over [`features`].
#[derive(Clone, Debug)]
pub struct Weights {
    /// The words that play the same part.
    pub(super) lexicon: Lexicon,
    /// For each dense number, what it adds to each class.
    pub(super) dense: Vec<[f32; CLASSES]>,
    /// What each class starts from.
    pub(super) offsets: [f32; CLASSES],
    /// Hashed words, letters and places.
    pub(super) tables: [Table; TABLES],
    /// What logits are divided by, so that probabilities are as often right as they say.
    pub(super) temperature: f32,
    /// The lead over the next best task below which the model abstains, as a probability.
    pub(super) margin: f32,
}

/// Weights of hashed n-grams in eight bits.
///
/// A text adds the weights of the distinct buckets it touches, times the scale of the class, divided by
/// the square root of how many buckets that are.
#[derive(Clone, Debug)]
pub struct Table {
    /// What one step of a weight is worth, for each class.
    pub(super) scales: [f32; CLASSES],
    /// The weights of each bucket; a power of two of them.
    pub(super) cells: Vec<[i8; CLASSES]>,
}

impl Table {
    /// A table from its parts. `None` where the number of cells is no power of two or above
    /// 2^[`MAX_BITS`].
    #[must_use]
    pub fn new(scales: [f32; CLASSES], cells: Vec<[i8; CLASSES]>) -> Option<Self> {
        let is_sound = cells.len().is_power_of_two() && cells.len().ilog2() <= MAX_BITS;
        is_sound.then_some(Self { scales, cells })
    }
}

/// The task of a class.
#[must_use]
pub fn task_of(class: usize) -> Task {
    Task::ALL.get(class).copied().unwrap_or(Task::LongDocument)
}

impl Weights {
    /// Weights from their parts, in the order of the fields.
    ///
    /// # Errors
    /// `InvalidRequest` where the vectors do not fit the lexicon, or a number is not finite.
    pub fn new(
        lexicon: Lexicon,
        dense: Vec<[f32; CLASSES]>,
        offsets: [f32; CLASSES],
        tables: [Table; TABLES],
        temperature: f32,
        margin: f32,
    ) -> Result<Self, Error> {
        let expected = features::dense_len(lexicon.groups());
        if dense.len() != expected {
            return Err(broken(&format!(
                "{} dense numbers where the lexicon asks for {expected}",
                dense.len()
            )));
        }
        let scales = tables.iter().flat_map(|table| &table.scales);
        let vectors = dense.iter().flatten().chain(&offsets).chain(scales);
        let single = [temperature, margin];
        let is_finite = |number: &f32| number.is_finite();
        if !(vectors.into_iter().all(is_finite) && single.iter().all(is_finite)) {
            return Err(broken("a weight is not finite"));
        }
        if temperature <= 0.0 || !(0.0..=1.0).contains(&margin) {
            return Err(broken(&format!(
                "temperature {temperature} or margin {margin} is out of range"
            )));
        }
        Ok(Self {
            lexicon,
            dense,
            offsets,
            tables,
            temperature,
            margin,
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// `InvalidRequest` that says what does not fit: magic, version, a size, a number that is not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut file = Reader { rest: bytes };
        if file.take(4)? != MAGIC {
            return Err(broken("it does not start with `ILCL`"));
        }
        let version = file.u32()?;
        if version != VERSION {
            return Err(broken(&format!(
                "it has version {version}, this build reads {VERSION}: train it again"
            )));
        }
        let [groups, slots, sets] = [file.count(64)?, file.count(1 << 16)?, file.count(256)?];
        let mut bits = [0; TABLES];
        for table in &mut bits {
            *table = file.count(MAX_BITS as usize)?;
        }
        let [temperature, margin] = [file.f32()?, file.f32()?];
        let sets = file.many(sets, Reader::u64)?;
        let slots = file.many(slots, |file| {
            let hash = file.u32()?;
            let number = usize::from(file.byte()?);
            let set = sets.get(number).copied();
            set.map(|set| (hash, set))
                .ok_or_else(|| broken(&format!("a word is in set {number}, which is not there")))
        })?;
        let lexicon = Lexicon::from_slots(slots, groups)
            .ok_or_else(|| broken("its table of words is not sound"))?;
        let numbers = features::dense_len(groups);
        let dense = file.many(numbers, Reader::f32s)?;
        let offsets = file.f32s()?;
        let tables = [
            file.table(bits[0])?,
            file.table(bits[1])?,
            file.table(bits[2])?,
        ];
        if !file.rest.is_empty() {
            return Err(broken(&format!("{} bytes too many", file.rest.len())));
        }
        Self::new(lexicon, dense, offsets, tables, temperature, margin)
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut sets = vec![0];
        for (_, set) in self.lexicon.slots() {
            if !sets.contains(set) {
                sets.push(*set);
            }
        }
        let mut file = MAGIC.to_vec();
        let mut put = |number: u32| file.extend(number.to_le_bytes());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        put(VERSION);
        put(count(self.lexicon.groups()));
        put(count(self.lexicon.slots().len()));
        put(count(sets.len()));
        for table in &self.tables {
            put(table.cells.len().ilog2());
        }
        for number in [self.temperature, self.margin] {
            put(number.to_bits());
        }
        for set in &sets {
            file.extend(set.to_le_bytes());
        }
        for (hash, set) in self.lexicon.slots() {
            let number = sets.iter().position(|known| known == set);
            file.extend(hash.to_le_bytes());
            file.push(
                number
                    .and_then(|number| u8::try_from(number).ok())
                    .unwrap_or(0),
            );
        }
        for number in self.dense.iter().flatten() {
            file.extend(number.to_le_bytes());
        }
        for number in &self.offsets {
            file.extend(number.to_le_bytes());
        }
        for table in &self.tables {
            for scale in &table.scales {
                file.extend(scale.to_le_bytes());
            }
            file.extend(
                table
                    .cells
                    .iter()
                    .flatten()
                    .flat_map(|cell| cell.to_le_bytes()),
            );
        }
        file
    }
}

fn broken(what: &str) -> Error {
    Error::invalid_request(format!("classifier weights cannot be read: {what}"))
}

/// Takes numbers off the front.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(bytes)
            .ok_or_else(|| broken("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| broken("it ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn f32(&mut self) -> Result<f32, Error> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    fn f32s<const N: usize>(&mut self) -> Result<[f32; N], Error> {
        let mut numbers = [0.0; N];
        for number in &mut numbers {
            *number = self.f32()?;
        }
        Ok(numbers)
    }

    /// A count that must not be above `most`, so that a broken file asks for no absurd memory.
    fn count(&mut self, most: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if count > most {
            return Err(broken(&format!(
                "a size is {count}, at most {most} is read"
            )));
        }
        Ok(count)
    }

    fn many<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        (0..count).map(|_| read(self)).collect()
    }

    fn table(&mut self, bits: usize) -> Result<Table, Error> {
        let scales = self.f32s()?;
        let cells = self.many(1 << bits, |file| Ok(file.array()?.map(u8::cast_signed)))?;
        Table::new(scales, cells).ok_or_else(|| broken("a table has no sound size"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::LexiconBuilder;
    use super::*;

    fn small() -> Weights {
        let mut words = LexiconBuilder::new();
        words.group("a", ["one", "two three"]).expect("sound");
        words.group("b", ["two", "one"]).expect("sound");
        let lexicon = words.build();
        let numbers = features::dense_len(lexicon.groups());
        let table = || Table::new([0.5; CLASSES], vec![[-3; CLASSES]; 4]).expect("sound");
        Weights::new(
            lexicon,
            vec![[0.25; CLASSES]; numbers],
            [1.0; CLASSES],
            [table(), table(), table()],
            1.5,
            0.1,
        )
        .expect("sound")
    }

    #[track_caller]
    fn refused(bytes: &[u8], part: &str) {
        let error = Weights::from_bytes(bytes).expect_err("refused");
        assert!(error.message().contains(part), "{}", error.message());
    }

    #[test]
    fn weights_survive_their_file() {
        let bytes = small().to_bytes();
        let again = Weights::from_bytes(&bytes).expect("sound");
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(again.lexicon.slots(), small().lexicon.slots());
    }

    #[test]
    fn a_file_that_does_not_fit_says_where() {
        let bytes = small().to_bytes();
        refused(b"GIF8", "does not start with `ILCL`");
        refused(&bytes[..40], "ends too early");
        refused(&[bytes.as_slice(), &[0]].concat(), "1 bytes too many");
        let with = |place: usize, value: u32| {
            let mut bytes = bytes.clone();
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
            bytes
        };
        refused(&with(4, 9), "version 9");
        refused(&with(12, u32::MAX), "at most 65536");
        refused(&with(32, f32::NAN.to_bits()), "not finite");
        refused(&with(32, 0), "out of range");
    }

    #[test]
    fn no_file_cut_short_is_read() {
        let bytes = small().to_bytes();
        for end in 0..bytes.len() {
            assert!(Weights::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
    }
}
