//! What an acknowledged write survives.

/// What an acknowledged write survives, by name rather than by a flag.
///
/// | | the process is killed | the system crashes, power is cut |
/// |---|---|---|
/// | [`Disk`](Durability::Disk) | kept | kept |
/// | [`OperatingSystem`](Durability::OperatingSystem) | kept | may be lost, newest first |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A write is acknowledged when the disk has it: one sync for each group of waiting writers.
    Disk,
    /// A write is acknowledged when the operating system has it. It reaches the disk when that sees fit, when a
    /// checkpoint covers it, or at the next start.
    OperatingSystem,
}

impl Durability {
    /// What `FSYNC_ENABLED` means.
    pub fn from_fsync_enabled(is_enabled: bool) -> Self {
        if is_enabled {
            Self::Disk
        } else {
            Self::OperatingSystem
        }
    }
}
