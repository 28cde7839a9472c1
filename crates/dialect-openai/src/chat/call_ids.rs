//! Ids of tool calls for vendors that take only a few.

/// The characters of an id, and its length.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 9;

/// An id of nine letters and digits that stands for `id`; `None` where `id` is one already.
///
/// The same id always becomes the same, so that calls and results find each other over many
/// requests. The hash is FNV-1a with 64 bits, of which about 53 fit: among the calls of one
/// conversation two never meet by chance.
pub(crate) fn nine_alphanumeric(id: &str) -> Option<String> {
    if id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let base = DIGITS.len() as u64;
    let digits = (0..LENGTH).filter_map(|_| {
        let digit = usize::try_from(hash % base).ok()?;
        hash /= base;
        DIGITS.get(digit).copied().map(char::from)
    });
    Some(digits.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn ids_that_fit_stay() {
        assert_eq!(nine_alphanumeric("6SmIVvgTb"), None);
        assert!(nine_alphanumeric("6SmIVvgT").is_some());
        assert!(nine_alphanumeric("call_abc1").is_some());
    }

    proptest! {
        #[test]
        fn every_other_id_becomes_one_that_fits_and_always_the_same(id in ".{0,40}") {
            if let Some(short) = nine_alphanumeric(&id) {
                assert_eq!(nine_alphanumeric(&short), None);
                assert_eq!(nine_alphanumeric(&id), Some(short));
            }
        }
    }
}
