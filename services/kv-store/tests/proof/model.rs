//! What a log should hold, said as plainly as can be: a list of operations, and how many of them are certain.

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Set(String, String),
    Delete(String),
}

/// Keys and values in the order of their insertion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents(pub(crate) Vec<(String, String)>);

impl Contents {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Set(key, value) => match self.0.iter_mut().find(|(k, _)| k == key) {
                Some((_, held)) => held.clone_from(value),
                None => self.0.push((key.clone(), value.clone())),
            },
            Operation::Delete(key) => self.0.retain(|(k, _)| k != key),
        }
    }
}

/// What a recovery came up with.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) contents: Contents,
    pub(crate) sequence: u64,
    pub(crate) generation: u64,
}

/// How the process ended, or the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Kill,
    PowerCut,
}

/// The operations of one generation in the order of the log.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    generation: u64,
    operations: Vec<Operation>,
    /// So many were acknowledged; those behind them may have happened.
    acknowledged: usize,
    /// So many are on the disk: all that were acknowledged, unless the log is not synced.
    durable: usize,
    /// Whether a clear may have happened.
    is_clearing: bool,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            generation: 1,
            operations: Vec::new(),
            acknowledged: 0,
            durable: 0,
            is_clearing: false,
        }
    }

    /// How many operations were acknowledged, which is the sequence of the last.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged as u64
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn acknowledge(&mut self, operations: &[Operation], is_durable: bool) {
        assert_eq!(
            self.operations.len(),
            self.acknowledged,
            "acknowledged behind what is not certain"
        );
        self.operations.extend_from_slice(operations);
        self.acknowledged = self.operations.len();
        if is_durable {
            self.durable = self.acknowledged;
        }
    }

    /// Operations that were asked for and neither acknowledged nor refused.
    pub(crate) fn leave_open(&mut self, operations: &[Operation]) {
        self.operations.extend_from_slice(operations);
    }

    /// Whether there is such a key if all that was left open has happened.
    pub(crate) fn may_have(&self, key: &str) -> bool {
        let contents = self.contents(self.operations.len() as u64);
        contents.0.iter().any(|(held, _)| held == key)
    }

    /// A checkpoint of the operations up to `sequence` is on the disk.
    pub(crate) fn checkpointed(&mut self, sequence: u64) {
        self.durable = self.durable.max(usize::try_from(sequence).unwrap());
    }

    pub(crate) fn cleared(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            ..Self::new()
        };
    }

    pub(crate) fn leave_clear_open(&mut self) {
        self.is_clearing = true;
    }

    /// The contents after the first `count` operations.
    pub(crate) fn contents(&self, count: u64) -> Contents {
        let mut contents = Contents::default();
        for operation in &self.operations[..usize::try_from(count).unwrap()] {
            contents.apply(operation);
        }
        contents
    }

    /// The operation of that sequence.
    pub(crate) fn operation(&self, sequence: u64) -> &Operation {
        &self.operations[usize::try_from(sequence).unwrap() - 1]
    }

    /// Holds a recovery to what may have been, then goes on from it.
    pub(crate) fn recover(&mut self, found: &Found, end: End) {
        if self.is_clearing && found.generation == self.generation + 1 {
            self.cleared();
        }
        self.is_clearing = false;
        assert_eq!(found.generation, self.generation, "another generation");
        let least = match end {
            End::Kill => self.acknowledged,
            End::PowerCut => self.durable,
        };
        let count = usize::try_from(found.sequence).unwrap();
        assert!(
            count >= least,
            "an acknowledged write is lost: {count} of {least} operations are there"
        );
        assert!(
            count <= self.operations.len(),
            "there are {count} operations where only {} were asked for",
            self.operations.len()
        );
        let expected = self.contents(found.sequence);
        assert_eq!(
            found.contents, expected,
            "after {count} operations, a state that never existed"
        );
        self.operations.truncate(count);
        self.acknowledged = count;
        self.durable = self.durable.min(count);
    }

    /// What the recovery found is on the disk.
    pub(crate) fn all_is_durable(&mut self) {
        self.durable = self.acknowledged;
    }
}
