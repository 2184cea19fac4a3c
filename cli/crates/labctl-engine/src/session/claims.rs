//! A block's claims, judged on what one attempt gave.

use labctl_runbook::{
    Block, Captures, Judgement, Observation, Verdict,
    expect::{self, Statement, Subject},
};

pub(super) use labctl_runbook::expect::evaluate;

/// Judges the block's statements in order and keeps its captures; `exit == 0` is implied where no claim speaks of it.
pub(super) fn judge(
    block: &Block,
    observation: &Observation,
    captures: &mut Captures,
    is_exit_judged: bool,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    if is_exit_judged && !super::judge::has_exit_claim(&block.expectations) {
        let code = observation.exit.code();
        judgements.push(Judgement {
            claim: "exit == 0".to_owned(),
            span: block.opening,
            verdict: if code == 0 {
                Verdict::Held
            } else {
                Verdict::Failed(format!("it was {code}"))
            },
        });
    }
    for statement in &block.expectations.statements {
        let (claim, span) = match statement {
            Statement::Claim(claim)
                if !is_exit_judged && matches!(claim.subject, Subject::Exit) =>
            {
                continue;
            }
            Statement::Claim(claim) => (&claim.text, claim.span),
            Statement::Capture(capture) => (&capture.text, capture.span),
        };
        judgements.push(Judgement {
            claim: claim.clone(),
            span,
            verdict: expect::judge(statement, observation, captures),
        });
    }
    judgements
}
