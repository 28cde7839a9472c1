//! Walks the causes under an error, including those that `std::io::Error` hides.

use std::error::Error as StdError;
use std::io;

/// Every error from `error` down to the root.
///
/// An `io::Error` that wraps another error gives that error's *source* as its own source, so the
/// wrapped error itself must be asked for.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The outermost cause of a type.
pub(crate) fn find<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What the root says; operating systems and TLS say the useful part there.
pub(crate) fn root_text(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Whether any of the causes is an `io::Error` of a kind that `matches`.
///
/// All are asked, because libraries wrap an `io::Error` of a kind in one of kind `Other`.
pub(crate) fn has_io_kind(
    error: &(dyn StdError + 'static),
    matches: impl Fn(io::ErrorKind) -> bool,
) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|io| matches(io.kind()))
}

/// Whether this machine ran out of sockets, files, ports or memory, which says nothing of a vendor.
pub(crate) fn is_local_exhaustion(error: &(dyn StdError + 'static)) -> bool {
    // ENFILE and EMFILE have no `ErrorKind`; the numbers hold on Linux, macOS and the BSDs, the
    // last one is Windows' WSAEMFILE.
    const TOO_MANY_FILES: [i32; 3] = [23, 24, 10024];
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|io| {
            matches!(
                io.kind(),
                io::ErrorKind::AddrNotAvailable | io::ErrorKind::OutOfMemory
            ) || io
                .raw_os_error()
                .is_some_and(|code| TOO_MANY_FILES.contains(&code))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_inside_io_errors_are_found() {
        let inner = io::Error::from_raw_os_error(24);
        let middle = io::Error::other(inner);
        let outer = io::Error::other(middle);
        assert_eq!(causes(&outer).count(), 3);
        assert!(root_text(&outer).contains("os error 24"));
    }

    #[test]
    fn running_out_of_files_or_ports_is_local() {
        assert!(is_local_exhaustion(&io::Error::other(
            io::Error::from_raw_os_error(24)
        )));
        assert!(is_local_exhaustion(&io::Error::from(
            io::ErrorKind::AddrNotAvailable
        )));
        assert!(!is_local_exhaustion(&io::Error::from(
            io::ErrorKind::ConnectionRefused
        )));
    }
}
