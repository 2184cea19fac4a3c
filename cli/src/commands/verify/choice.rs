//! The blocks asked for.

use labctl_runbook::{Action, Wanted};

use super::turn::Turn;
use crate::{
    args::{ChoiceArgs, VerifyArgs},
    commands::run::selection_error,
    environment::Environment,
    error::CliError,
    failed,
};

/// Narrows each lab's plan to what is asked for; a lab of which nothing is, is left out.
///
/// # Errors
/// Nothing is asked for that would be played.
pub(super) fn choose(
    turns: Vec<Turn>,
    args: &VerifyArgs,
    environment: &Environment,
) -> Result<Vec<Turn>, CliError> {
    let choice = &args.choice;
    if (choice.from.is_some() || choice.until.is_some()) && turns.len() != 1 {
        let message = "--from and --until speak of the blocks of one runbook: name it";
        return Err(CliError::Usage(message.to_owned()));
    }
    if !choice.failed && wanted(choice).is_everything() {
        return Ok(turns);
    }
    let mut chosen = Vec::new();
    let mut skipped = Vec::new();
    let mut last = None;
    for mut turn in turns {
        let wanted = if choice.failed {
            let names = failed::read(environment, &turn.scene.document.lab.name);
            if names.is_empty() {
                continue;
            }
            Wanted {
                names,
                with_needs: true,
                ..Wanted::default()
            }
        } else {
            wanted(choice)
        };
        let document = &turn.scene.document;
        let narrowed = turn.plan.narrow(&document.runbook, &wanted);
        let asked_for = narrowed.map_err(|error| selection_error(&error, document))?;
        let mut is_played = false;
        for step in turn
            .plan
            .steps
            .iter()
            .filter(|step| asked_for.contains(&step.block))
        {
            let name = &document.runbook.blocks[step.block].name;
            match &step.action {
                Action::Skip(reason) => {
                    skipped.push(format!("{}/{name}: {reason}", document.lab.name));
                }
                _ => is_played = true,
            }
        }
        if is_played {
            chosen.push(turn);
        } else {
            last = Some(turn);
        }
    }
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    Err(CliError::Selection(if !skipped.is_empty() {
        format!(
            "nothing of what is asked for would be played: {}",
            skipped.join("; ")
        )
    } else if choice.failed {
        "nothing failed when it was last played: there is nothing to verify".to_owned()
    } else {
        let lab = last.map(|turn| {
            format!(
                "; `labctl list {}` shows them",
                turn.scene.document.lab.name
            )
        });
        format!("no block is what is asked for{}", lab.unwrap_or_default())
    }))
}

fn wanted(choice: &ChoiceArgs) -> Wanted {
    Wanted {
        names: choice.block.clone(),
        tags: choice.tag.clone(),
        from: choice.from.clone(),
        until: choice.until.clone(),
        with_needs: choice.needs,
    }
}
