//! How full the buckets are, for metrics and balancing.

use super::Bucket;

/// How full one bucket is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BucketUse {
    /// Which.
    pub bucket: Bucket,
    /// Its limit, per minute or day or at a time.
    pub limit: u64,
    /// What is used of what it holds: 0 nothing, 1 all, more where it is in debt.
    pub used: f64,
}

impl BucketUse {
    pub(crate) const fn new(bucket: Bucket, limit: u64, used: f64) -> Self {
        Self {
            bucket,
            limit,
            used,
        }
    }
}
