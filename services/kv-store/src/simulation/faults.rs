//! What goes wrong, and when.

use std::collections::BTreeMap;

/// One operation that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk fails (EIO). The operation may have done its work in full, in part or not at all.
    Error,
    /// There is no space (ENOSPC). A write may have been cut short before; an operation that needs no space fails as with
    /// [`Error`](Fault::Error), except that it has done nothing.
    Full,
    /// A write is cut short and says so; another operation is as ever.
    Short,
}

/// What goes wrong with a disk, by the number of the operation: 0 is the first one after the plan was set.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Operations that fail, each once.
    pub faults: BTreeMap<u64, Fault>,
    /// The operation at which everything stops: it may do a part of its work, and no later one does any. All give errors.
    /// What is left is for [`after_power_cut`](super::SimulatedDisk::after_power_cut) or
    /// [`after_kill`](super::SimulatedDisk::after_kill) to say.
    pub stop_at: Option<u64>,
}

impl Plan {
    /// Everything stops at operation `number`.
    pub fn stop_at(number: u64) -> Self {
        Self {
            stop_at: Some(number),
            ..Self::default()
        }
    }

    /// Operation `number` fails once.
    pub fn fail(number: u64, fault: Fault) -> Self {
        Self {
            faults: BTreeMap::from([(number, fault)]),
            ..Self::default()
        }
    }
}
