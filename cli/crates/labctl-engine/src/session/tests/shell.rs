//! A shell that plays a script.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use labctl_runbook::ExitStatus;

use crate::{Attempt, Captured, Ending, Invocation, Shell, ShellError, Stop, Stream};

/// What a block does when it is run.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// Prints this and exits with this code.
    Exits(&'static str, i32),
    /// Prints this, complains of that and exits with this code.
    Complains(&'static str, &'static str, i32),
    /// Prints this and goes on until it is stopped.
    GoesOn(&'static str),
    /// Prints this and is ended at its deadline.
    IsLate(&'static str),
    /// Cannot be started.
    CannotStart,
}

/// Plays what it is told for each block, the last again and again; a block not named exits with 0.
#[derive(Debug, Default)]
pub(super) struct ScriptedShell {
    script: BTreeMap<&'static str, VecDeque<Does>>,
    background: Vec<(String, Does)>,
    /// What was run, in order.
    pub(super) ran: Vec<String>,
    /// The variables that the last one ran with.
    pub(super) env: BTreeMap<String, String>,
    pub(super) has_ended: bool,
}

impl ScriptedShell {
    pub(super) fn with(
        mut self,
        block: &'static str,
        does: impl IntoIterator<Item = Does>,
    ) -> Self {
        self.script.insert(block, does.into_iter().collect());
        self
    }

    fn next(&mut self, block: &str) -> Does {
        match self.script.get_mut(block) {
            Some(script) if script.len() > 1 => script.pop_front().unwrap(),
            Some(script) => script.front().cloned().unwrap(),
            None => Does::Exits("", 0),
        }
    }
}

fn attempt(ending: Ending, stdout: &str) -> Attempt {
    Attempt {
        ending,
        stdout: Captured {
            head: stdout.as_bytes().to_vec(),
            ..Captured::default()
        },
        stderr: Captured::default(),
        duration: Duration::from_secs(1),
    }
}

fn complaint(stdout: &str, stderr: &str, code: i32) -> Attempt {
    let mut attempt = attempt(Ending::Exited(ExitStatus::Code(code)), stdout);
    attempt.stderr.head = stderr.as_bytes().to_vec();
    attempt
}

impl Shell for ScriptedShell {
    async fn run(
        &mut self,
        invocation: &Invocation,
        stop: &Stop,
        printed: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Attempt, ShellError> {
        self.ran.push(invocation.block.clone());
        self.env.clone_from(&invocation.env);
        let does = self.next(&invocation.block);
        if let Does::Exits(text, _) | Does::GoesOn(text) | Does::IsLate(text) = does {
            printed(Stream::Stdout, text.as_bytes());
        }
        match does {
            Does::Complains(out, err, code) => {
                printed(Stream::Stdout, out.as_bytes());
                printed(Stream::Stderr, err.as_bytes());
                Ok(complaint(out, err, code))
            }
            Does::Exits(text, code) => Ok(attempt(Ending::Exited(ExitStatus::Code(code)), text)),
            Does::IsLate(text) => Ok(attempt(Ending::TimedOut, text)),
            Does::GoesOn(text) => {
                let ending = tokio::select! {
                    () = stop.cancel.cancelled() => Ending::Cancelled,
                    () = stop.enough.cancelled() => Ending::Stopped,
                    () = tokio::time::sleep(invocation.endless.unwrap_or(invocation.deadline)) => {
                        if invocation.endless.is_some() { Ending::Stopped } else { Ending::TimedOut }
                    }
                };
                Ok(attempt(ending, text))
            }
            Does::CannotStart => Err(ShellError::NoSuchBackground(invocation.block.clone())),
        }
    }

    async fn start_background(&mut self, invocation: &Invocation) -> Result<(), ShellError> {
        self.ran.push(invocation.block.clone());
        let does = self.next(&invocation.block);
        if matches!(does, Does::CannotStart) {
            return Err(ShellError::NoSuchBackground(invocation.block.clone()));
        }
        self.background.push((invocation.block.clone(), does));
        Ok(())
    }

    async fn wait_background(
        &mut self,
        block: &str,
        deadline: Duration,
        stop: &Stop,
    ) -> Result<Attempt, ShellError> {
        let place = self.background.iter().position(|(name, _)| name == block);
        let (_, does) = place
            .map(|place| self.background.remove(place))
            .ok_or_else(|| ShellError::NoSuchBackground(block.to_owned()))?;
        match does {
            Does::Exits(text, code) => {
                return Ok(attempt(Ending::Exited(ExitStatus::Code(code)), text));
            }
            Does::Complains(out, err, code) => return Ok(complaint(out, err, code)),
            _ => {}
        }
        let ending = tokio::select! {
            () = stop.cancel.cancelled() => Ending::Cancelled,
            () = tokio::time::sleep(deadline) => Ending::TimedOut,
        };
        Ok(attempt(ending, ""))
    }

    async fn stop_background(&mut self) -> Vec<(String, Attempt)> {
        let ended = std::mem::take(&mut self.background);
        let ended = ended.into_iter().map(|(name, does)| match does {
            Does::Exits(text, code) => {
                (name, attempt(Ending::Exited(ExitStatus::Code(code)), text))
            }
            Does::Complains(out, err, code) => (name, complaint(out, err, code)),
            _ => (name, attempt(Ending::Stopped, "")),
        });
        ended.collect()
    }

    async fn end_session(&mut self) -> Vec<String> {
        self.has_ended = true;
        Vec::new()
    }
}

#[tokio::test(start_paused = true)]
async fn the_scripted_shell_keeps_the_contract() {
    let mut shell = ScriptedShell::default()
        .with("fails", [Does::Complains("out\n", "err\n", 3)])
        .with("endless", [Does::GoesOn("begun\n")]);
    crate::shell::contract::shell_keeps_its_contract(&mut shell).await;
}
