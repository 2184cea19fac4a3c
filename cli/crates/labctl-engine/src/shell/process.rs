//! The real shell: a fresh process for each block.

use std::{env, fs, future::pending, io, time::Duration};

use labctl_runbook::ExitStatus;
use tokio::task::JoinHandle;

use super::{
    Attempt, Ending, Invocation, Shell, ShellError, Stop,
    exports::Environment,
    family::{Family, adopt_orphans},
    play::{Ended, Limits, play},
    start::Starter,
    terminal::Terminal,
};
use crate::Stream;

/// Runs each block in a fresh process, in a process group of its own, standard input empty.
///
/// Makes labctl a child sub-reaper (Linux), so that nothing a block started gets away. Needs a tokio runtime with IO and
/// time. Dropping it ends what blocks have left running.
#[derive(Debug)]
pub struct ProcessShell {
    starter: Starter,
    background: Vec<Background>,
    left_behind: Vec<(String, Family)>,
}

#[derive(Debug)]
struct Background {
    block: String,
    stop: Stop,
    task: JoinHandle<Ended>,
}

impl ProcessShell {
    /// A session whose blocks start with labctl's own environment and these variables besides.
    ///
    /// # Errors
    /// No folder for the session's files could be made.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> io::Result<Self> {
        adopt_orphans();
        let mut environment: Environment = env::vars_os().collect();
        environment.extend(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let folder = tempfile::Builder::new().prefix("labctl-").tempdir()?;
        Ok(Self {
            starter: Starter::new(environment, folder),
            background: Vec::new(),
            left_behind: Vec::new(),
        })
    }

    fn note(&mut self, block: &str, ended: Ended) -> Attempt {
        if let Some(family) = ended.family {
            self.left_behind.push((block.to_owned(), family));
        }
        ended.attempt
    }
}

impl Shell for ProcessShell {
    async fn run(
        &mut self,
        invocation: &Invocation,
        stop: &Stop,
        printed: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Attempt, ShellError> {
        let limits = Limits {
            deadline: Some(invocation.deadline),
            endless: invocation.endless,
        };
        let mut terminal = invocation
            .is_interactive
            .then(|| Terminal::take_over().ok())
            .flatten();
        let size = terminal.as_ref().and_then(|terminal| terminal.size().ok());
        let mut started = self.starter.start(invocation, true, size)?;
        let written = started.spawned.terminal.take();
        let playing = Box::pin(play(started.spawned, started.family, limits, stop, printed));
        let typing = async {
            if let (Some(terminal), Some(written)) = (&mut terminal, written) {
                terminal.hand_on(written).await;
            }
            pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = playing => ended,
            () = typing => unreachable!("nobody stops typing"),
        };
        drop(terminal);
        let before = started.before;
        if let Some(before) = before {
            // No list: the shell was replaced (`exec`) or killed.
            let list = fs::read(self.starter.dump()).unwrap_or_default();
            if !list.is_empty() {
                let _ = fs::remove_file(self.starter.dump());
                if ended.attempt.ending == Ending::Exited(ExitStatus::Code(0)) {
                    self.starter.exports.learn(&before, &list);
                    self.starter.keep_state(invocation);
                }
            }
        }
        Ok(self.note(&invocation.block, ended))
    }

    async fn start_background(&mut self, invocation: &Invocation) -> Result<(), ShellError> {
        let limits = Limits {
            deadline: None,
            endless: None,
        };
        let started = self.starter.start(invocation, false, None)?;
        let stop = Stop::default();
        let its_stop = stop.clone();
        let task = tokio::spawn(async move {
            let _file = started.file;
            play(
                started.spawned,
                started.family,
                limits,
                &its_stop,
                |_, _| {},
            )
            .await
        });
        self.background.push(Background {
            block: invocation.block.clone(),
            stop,
            task,
        });
        Ok(())
    }

    async fn wait_background(
        &mut self,
        block: &str,
        deadline: Duration,
        stop: &Stop,
    ) -> Result<Attempt, ShellError> {
        let place = self
            .background
            .iter()
            .position(|background| background.block == block)
            .ok_or_else(|| ShellError::NoSuchBackground(block.to_owned()))?;
        let mut background = self.background.remove(place);
        let by_force = tokio::select! {
            ended = &mut background.task => return self.ended(block, ended),
            () = tokio::time::sleep(deadline) => Ending::TimedOut,
            () = stop.cancel.cancelled() => Ending::Cancelled,
            () = stop.enough.cancelled() => Ending::Stopped,
        };
        background.stop.enough.cancel();
        let mut attempt = self.ended(block, background.task.await)?;
        if attempt.ending == Ending::Stopped {
            attempt.ending = by_force;
        }
        Ok(attempt)
    }

    async fn stop_background(&mut self) -> Vec<(String, Attempt)> {
        let mut attempts = Vec::new();
        for background in &self.background {
            background.stop.enough.cancel();
        }
        for background in std::mem::take(&mut self.background) {
            if let Ok(attempt) = self.ended(&background.block, background.task.await) {
                attempts.push((background.block, attempt));
            }
        }
        attempts
    }

    async fn end_session(&mut self) -> Vec<String> {
        let mut ended = Vec::new();
        for (block, family) in std::mem::take(&mut self.left_behind) {
            for name in family.names() {
                ended.push(format!("{name}, left by `{block}`"));
            }
            family.terminate();
            if !family.wait_gone(Duration::from_millis(500)).await {
                family.kill().await;
            }
        }
        ended
    }
}

impl ProcessShell {
    fn ended(
        &mut self,
        block: &str,
        ended: Result<Ended, tokio::task::JoinError>,
    ) -> Result<Attempt, ShellError> {
        let ended = ended.map_err(|source| ShellError::Io {
            block: block.to_owned(),
            what: "waiting for it",
            source: io::Error::other(source),
        })?;
        Ok(self.note(block, ended))
    }
}

impl Drop for ProcessShell {
    fn drop(&mut self) {
        for background in &self.background {
            background.task.abort();
        }
        for (_, family) in &self.left_behind {
            family.kill_now();
        }
    }
}
