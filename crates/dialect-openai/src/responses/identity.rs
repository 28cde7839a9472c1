//! What an answer is called where its vendor speaks another format and gives no name of this one.

/// What an answer is called where its vendor speaks another format and gives no name of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The part of the ids that is the answer's own, unique among answers.
    ///
    /// The answer is `resp_` and this; its items have the prefixes that the format's clients expect,
    /// and their place at the end. Vendors refuse ids of more than 64 letters, so 48 are safe here.
    pub id: String,
    /// When the answer began, in seconds since 1970; 0 where unknown.
    pub created: u64,
}

impl Identity {
    /// An answer called `id` that began at `created`, in seconds since 1970.
    pub fn new(id: impl Into<String>, created: u64) -> Self {
        Self {
            id: id.into(),
            created,
        }
    }

    /// The id of the answer.
    pub(crate) fn answer(&self) -> String {
        format!("resp_{}", self.id)
    }

    /// The id of an item: its kind's prefix, and its place among the answer's items.
    pub(crate) fn item(&self, prefix: &str, place: u32) -> String {
        format!("{prefix}_{}_{place}", self.id)
    }
}
