//! A short life of a log in which everything happens that a log can do.

use kv_store::simulation::SimulatedDisk;

use crate::machine::Machine;
use crate::model::{Model, Operation};

/// One thing that a store does with its log.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Append(Vec<Operation>),
    /// With the groups that come while it is written.
    Checkpoint(Vec<Vec<Operation>>),
    Remove,
    OrderSpare,
    MakeSpare,
    Clear,
    Read,
}

impl Step {
    pub(crate) fn play(&self, machine: &mut Machine, model: &mut Model, disk: &SimulatedDisk) {
        match self {
            Self::Append(group) => machine.append(model, group),
            Self::Checkpoint(meanwhile) => machine.checkpoint(model, meanwhile),
            Self::Remove => machine.remove(),
            Self::OrderSpare => machine.order_spare(),
            Self::MakeSpare => machine.make_spare(),
            Self::Clear => machine.clear(model),
            Self::Read => machine.check_log(model, disk),
        }
    }
}

pub(crate) fn set(key: &str, value: usize) -> Operation {
    Operation::Set(key.to_owned(), value.to_string())
}

/// A value that reaches over sectors.
pub(crate) fn set_long(key: &str, value: usize) -> Operation {
    Operation::Set(
        key.to_owned(),
        format!(r#"{{"n":{value},"text":"{}"}}"#, "x".repeat(700)),
    )
}

pub(crate) fn delete(key: &str) -> Operation {
    Operation::Delete(key.to_owned())
}

/// Groups of one and of many, short and long records, full segments, two checkpoints with writers beside them, their
/// removals early and late, and, if asked for, a clear in between.
pub(crate) fn script(with_clear: bool) -> Vec<Step> {
    let mut steps = vec![
        Step::OrderSpare,
        Step::Append(vec![set("a", 1)]),
        Step::MakeSpare,
        Step::Append(vec![set("b", 2), set_long("c", 3), delete("a")]),
        Step::Append(vec![set("a", 4), set("b", 5)]),
        Step::OrderSpare,
        Step::MakeSpare,
        Step::Append(vec![set_long("d", 6), set_long("a", 7)]),
        Step::Checkpoint(vec![vec![set("e", 8)], vec![set("c", 9), delete("b")]]),
        Step::Append(vec![set("b", 10)]),
        Step::OrderSpare,
        Step::Remove,
        Step::MakeSpare,
        Step::Append(vec![set_long("f", 11)]),
    ];
    if with_clear {
        steps.extend([
            Step::Clear,
            Step::Append(vec![set("b", 12), set("a", 13)]),
            Step::Remove,
            Step::OrderSpare,
            Step::MakeSpare,
        ]);
    }
    steps.extend([
        Step::Append(vec![set("g", 14), set("h", 15)]),
        Step::Checkpoint(vec![]),
        Step::Remove,
        Step::Append(vec![set_long("a", 16), delete("g"), set("g", 17)]),
        Step::Append(vec![set("i", 18)]),
        Step::Read,
    ]);
    steps
}
