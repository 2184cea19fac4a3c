//! A block's claims, judged on what one attempt gave.

use labctl_runbook::{
    Block, Captures, Judgement, Observation, Verdict,
    expect::{Claim, Statement, Subject},
};

/// Judges the block's statements in order and keeps its captures.
pub(super) fn judge(
    block: &Block,
    observation: &Observation,
    captures: &mut Captures,
    is_exit_judged: bool,
) -> Vec<Judgement> {
    let _ = captures;
    let mut judgements = Vec::new();
    if is_exit_judged && !super::judge::has_exit_claim(&block.expectations) {
        let code = observation.exit.code();
        judgements.push(Judgement {
            claim: "exit == 0".to_owned(),
            span: block.opening,
            verdict: if code == 0 {
                Verdict::Held
            } else {
                Verdict::Failed(format!("exit was {code}"))
            },
        });
    }
    let is_judged = |statement: &&Statement| {
        is_exit_judged
            || !matches!(statement, Statement::Claim(claim) if matches!(claim.subject, Subject::Exit))
    };
    for statement in block.expectations.statements.iter().filter(is_judged) {
        let (claim, span) = match statement {
            Statement::Claim(claim) => (&claim.text, claim.span),
            Statement::Capture(capture) => (&capture.text, capture.span),
        };
        judgements.push(Judgement {
            claim: claim.clone(),
            span,
            verdict: Verdict::Errored("claims cannot be judged yet".to_owned()),
        });
    }
    judgements
}

/// Judges one claim.
pub(super) fn evaluate(
    _claim: &Claim,
    _observation: &Observation,
    _captures: &Captures,
) -> Verdict {
    Verdict::Errored("claims cannot be judged yet".to_owned())
}
