//! Claims so weak that another block's output satisfies them too: they would not notice if the wrong thing were printed.

use labctl_runbook::{
    Block, Captures, Observation, Verdict,
    expect::{Statement, Subject, evaluate, judge},
};

use crate::{Outcome, StepReport};

/// Longer outputs are not tried on other blocks.
const LONGEST: usize = 64 << 10;

/// For each step of which nothing else is judged than what it prints: the name of a block whose other output satisfies
/// all its claims.
pub(super) fn find(
    blocks: &[&Block],
    steps: &[Option<StepReport>],
    captures: &Captures,
) -> Vec<Option<String>> {
    let printed: Vec<Option<&Observation>> =
        steps.iter().map(|step| observed(step.as_ref())).collect();
    let step = |(place, step): (usize, &Option<StepReport>)| {
        let report = step
            .as_ref()
            .filter(|report| report.outcome == Outcome::Passed && report.snapshot.is_none())?;
        let own = report.observation.as_ref()?;
        let statements = &blocks[place].expectations.statements;
        if !statements
            .iter()
            .any(|statement| is_about_output(statement.subject()))
            || statements
                .iter()
                .any(|statement| statement.subject().is_asked())
        {
            return None;
        }
        let others = printed.iter().zip(blocks).filter(|(other, block)| {
            other.is_some_and(|other| is_other(own, other)) && block.name != blocks[place].name
        });
        let mut fooling = others.filter(|(other, _)| {
            other.is_some_and(|other| {
                statements
                    .iter()
                    .all(|statement| holds(statement, other, captures))
            })
        });
        fooling.next().map(|(_, block)| block.name.clone())
    };
    steps.iter().enumerate().map(step).collect()
}

fn observed(step: Option<&StepReport>) -> Option<&Observation> {
    let seen = step?.observation.as_ref()?;
    let length = seen.stdout.text.len().max(seen.stderr.text.len());
    (length <= LONGEST).then_some(seen)
}

/// The same output is no other one.
fn is_other(own: &Observation, other: &Observation) -> bool {
    own.stdout.text != other.stdout.text || own.stderr.text != other.stderr.text
}

fn is_about_output(subject: &Subject) -> bool {
    !subject.is_asked() && !matches!(subject, Subject::Exit | Subject::Duration)
}

fn holds(statement: &Statement, other: &Observation, captures: &Captures) -> bool {
    let verdict = match statement {
        Statement::Claim(claim) => evaluate(claim, other, captures),
        Statement::Capture(_) => judge(statement, other, &mut Captures::default()),
    };
    verdict == Verdict::Held
}
