//! A block's claims, judged on what one attempt gave.

use labctl_runbook::{
    Block, Captures, Judgement, Observation, Verdict,
    expect::{self, Statement, Subject},
};

use crate::{Runtime, session::ask::Witness};

pub(super) use labctl_runbook::expect::evaluate;

/// Judges the block's statements in order and keeps its captures; `exit == 0` is implied where no claim speaks of it.
pub(super) async fn judge<R: Runtime>(
    block: &Block,
    observation: &Observation,
    witness: &mut Witness<'_, '_, R>,
    captures: &mut Captures,
    is_exit_judged: bool,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    if is_exit_judged && !expect::has_exit_claim(&block.expectations) {
        let code = observation.exit.code();
        judgements.push(Judgement {
            claim: "exit == 0".to_owned(),
            span: block.opening,
            verdict: if code == 0 {
                Verdict::Held
            } else {
                Verdict::Failed(format!("it was {code}"))
            },
            after: None,
            spans: Vec::new(),
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
        let (verdict, after) = match statement.subject() {
            subject if subject.is_asked() && !witness.is_asked => continue,
            subject if subject.is_asked() => witness.judge(statement, captures).await,
            _ => (expect::judge(statement, observation, captures), None),
        };
        judgements.push(Judgement {
            claim: claim.clone(),
            span,
            verdict,
            after,
            spans: std::mem::take(&mut witness.spans),
        });
    }
    judgements
}
