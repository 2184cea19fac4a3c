//! What every block may count on, shown on real processes.

mod background;
mod carried;
mod endings;
mod left_behind;
mod programs;

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Attempt, Invocation, ProcessShell, Shell, Stop,
    contract::{block, shell_keeps_its_contract},
};

/// A shell whose session is the only one of this process, as in labctl: orphans belong to a whole process.
struct Alone {
    shell: ProcessShell,
    _turn: MutexGuard<'static, ()>,
}

fn real() -> Alone {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Alone {
        shell: ProcessShell::new([]).unwrap(),
        _turn: turn,
    }
}

impl Deref for Alone {
    type Target = ProcessShell;

    fn deref(&self) -> &ProcessShell {
        &self.shell
    }
}

impl DerefMut for Alone {
    fn deref_mut(&mut self) -> &mut ProcessShell {
        &mut self.shell
    }
}

async fn run(shell: &mut ProcessShell, code: &str) -> Attempt {
    play(shell, &block("test", code)).await
}

async fn play(shell: &mut ProcessShell, invocation: &Invocation) -> Attempt {
    shell
        .run(invocation, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap()
}

async fn stdout(shell: &mut ProcessShell, code: &str) -> String {
    String::from_utf8_lossy(&run(shell, code).await.stdout.head).into_owned()
}

/// Whether nothing runs any more whose command line holds this text.
fn is_gone(text: &str) -> bool {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    !folders
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(text))
}

#[tokio::test]
async fn the_real_shell_keeps_the_contract() {
    shell_keeps_its_contract(&mut *real()).await;
}
