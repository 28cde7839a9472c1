//! How much memory the process had at its peak, as the operating system counts.

/// Starts the count of the peak anew; whether that is possible here.
pub(super) fn restart_peak() -> bool {
    // 5 resets the peak of the resident set (Linux).
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The resident set now and at its peak, in bytes.
pub(super) fn resident_and_peak() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let of = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib * 1024)
    };
    Some((of("VmRSS:")?, of("VmHWM:")?))
}
