//! What a client may claim of stamps it has read.

use super::Stamp;

/// How a replica's state stands to the primary's, which was read before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The same state.
    Same,
    /// The replica lacks something.
    Behind,
    /// The primary has gone on since it was read.
    Ahead,
}

/// How `replica` stands to `primary`.
pub fn standing(primary: Stamp, replica: Stamp) -> Standing {
    if replica.is_same_state(primary) {
        Standing::Same
    } else if replica > primary {
        Standing::Ahead
    } else {
        Standing::Behind
    }
}

/// Whether all nodes held the same state when they were read. `None` is a node that could not be read: of it nothing
/// is known. Without replicas there is nothing to claim.
pub fn all_consistent(primary: Option<Stamp>, replicas: &[Option<Stamp>]) -> bool {
    let Some(primary) = primary else {
        return false;
    };
    let is_same = |replica: &Option<Stamp>| replica.is_some_and(|r| r.is_same_state(primary));
    !replicas.is_empty() && replicas.iter().all(is_same)
}

/// Versions that a replica lacks.
pub fn versions_behind(primary: Stamp, replica: Stamp) -> u64 {
    primary.version.saturating_sub(replica.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(epoch: u64, version: u64) -> Stamp {
        Stamp { epoch, version }
    }

    #[test]
    fn a_node_that_could_not_be_read_is_never_consistent() {
        let one = stamp(1, 1);
        assert!(all_consistent(Some(one), &[Some(one), Some(one)]));
        assert!(!all_consistent(Some(one), &[Some(one), None]));
        assert!(!all_consistent(None, &[Some(one), Some(one)]));
        assert!(!all_consistent(Some(one), &[]));
    }

    #[test]
    fn the_same_version_of_another_epoch_is_another_state_unless_both_are_empty() {
        assert_eq!(standing(stamp(2, 7), stamp(1, 7)), Standing::Behind);
        assert_eq!(standing(stamp(2, 0), stamp(1, 7)), Standing::Behind);
        assert_eq!(standing(stamp(2, 0), stamp(0, 0)), Standing::Same);
        assert_eq!(standing(stamp(1, 6), stamp(1, 7)), Standing::Ahead);
    }
}
