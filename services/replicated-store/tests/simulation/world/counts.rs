//! What happened in a history, and how often.

/// How often things happened; what never happens proves nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(super) writes: u64,
    pub(super) applied: u64,
    pub(super) repeated: u64,
    pub(super) ignored: u64,
    pub(super) failures: u64,
    pub(super) recoveries: u64,
    pub(super) partial_recoveries: u64,
    pub(super) replica_restarts: u64,
    pub(super) resets: u64,
    pub(super) repairs: u64,
    pub(super) has_new_data: u64,
    pub(super) stale: u64,
    pub(super) all_consistent: u64,
    pub(super) inconsistent: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            writes,
            applied,
            repeated,
            ignored,
            failures,
            recoveries,
            partial_recoveries,
            replica_restarts,
            resets,
            repairs,
            has_new_data,
            stale,
            all_consistent,
            inconsistent,
        } = other;
        self.writes += writes;
        self.applied += applied;
        self.repeated += repeated;
        self.ignored += ignored;
        self.failures += failures;
        self.recoveries += recoveries;
        self.partial_recoveries += partial_recoveries;
        self.replica_restarts += replica_restarts;
        self.resets += resets;
        self.repairs += repairs;
        self.has_new_data += has_new_data;
        self.stale += stale;
        self.all_consistent += all_consistent;
        self.inconsistent += inconsistent;
    }

    /// Nothing of it stayed at zero.
    pub(crate) fn assert_all_happened(&self) {
        let told = format!("{self:?}");
        let never: Vec<_> = told
            .split([',', '{', '}'])
            .filter(|part| part.ends_with(": 0"))
            .collect();
        assert!(never.is_empty(), "never happened: {never:?}");
    }
}
