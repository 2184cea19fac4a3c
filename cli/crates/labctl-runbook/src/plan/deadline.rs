//! How long a block may take.

use std::time::Duration;

use crate::{Block, FrontMatter, classify::takes_long, script::Script};

/// For a block of which nothing else is known.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(5);
/// For a block that builds, pulls or starts with Compose.
pub const BUILD_DEADLINE: Duration = Duration::from_mins(15);
/// For a block in `run` that a person works in or watches: as good as none.
pub const PERSON_DEADLINE: Duration = Duration::from_hours(24);

/// The block's own `timeout`, else the caller's, else the front matter's, else by what the block does.
pub(super) fn deadline(
    block: &Block,
    script: Option<&Script>,
    asked_for: Option<Duration>,
    front_matter: &FrontMatter,
) -> Duration {
    said(block, asked_for, front_matter).unwrap_or_else(|| {
        if script.is_some_and(takes_long) {
            BUILD_DEADLINE
        } else {
            DEFAULT_DEADLINE
        }
    })
}

/// The deadline that somebody has set.
pub(super) fn said(
    block: &Block,
    asked_for: Option<Duration>,
    front_matter: &FrontMatter,
) -> Option<Duration> {
    block
        .expectations
        .timeout
        .or(asked_for)
        .or(front_matter.labctl.timeout)
}
