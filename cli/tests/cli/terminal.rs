//! `labctl run` at a terminal.

use std::{
    io::{Read as _, Write as _},
    os::fd::{AsFd as _, BorrowedFd},
    process::Child,
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use nix::sys::{
    signal::{Signal, kill},
    termios::{LocalFlags, tcgetattr},
};
use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};

use crate::page::Page;

const SOON: Duration = Duration::from_secs(30);

/// `labctl run page.md BLOCK` at a terminal of 30 lines of 90 columns, as a person sees it.
struct Session {
    terminal: Pty,
    labctl: Child,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Session {
    fn run(page: &Page, block: &str) -> Self {
        let prepared = page.labctl(&["run", "page.md", block]);
        let (terminal, end) = open().unwrap();
        terminal.resize(Size::new(30, 90)).unwrap();
        let labctl = Command::new(prepared.get_program())
            .args(prepared.get_args())
            .current_dir(page.folder())
            .env("NO_COLOR", "1")
            .spawn(end)
            .unwrap();
        let (send, pieces) = channel();
        let mut reader = std::fs::File::from(terminal.as_fd().try_clone_to_owned().unwrap());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            terminal,
            labctl,
            pieces,
            seen: String::new(),
        }
    }

    fn types(&mut self, text: &str) -> &mut Self {
        self.terminal.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Waits until the screen has this text.
    #[track_caller]
    fn sees(&mut self, text: &str) -> &mut Self {
        let late = Instant::now() + SOON;
        while !self.seen.contains(text) {
            let left = late.saturating_duration_since(Instant::now());
            let piece = self.pieces.recv_timeout(left);
            assert!(piece.is_ok(), "never seen: {text}\n{}", self.seen);
            self.seen
                .push_str(&String::from_utf8_lossy(&piece.unwrap()));
        }
        self
    }

    /// Its end, with everything seen.
    #[track_caller]
    fn ends(mut self, code: i32) -> String {
        let is_cooked = |terminal: BorrowedFd<'_>| {
            tcgetattr(terminal)
                .unwrap()
                .local_flags
                .contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
        };
        while let Ok(piece) = self.pieces.recv_timeout(SOON) {
            self.seen.push_str(&String::from_utf8_lossy(&piece));
        }
        assert_eq!(
            self.labctl.wait().unwrap().code(),
            Some(code),
            "{}",
            self.seen
        );
        assert!(is_cooked(self.terminal.as_fd()), "the terminal stayed raw");
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.labctl.kill();
        let _ = self.labctl.wait();
    }
}

#[test]
fn a_block_can_ask_and_is_answered() {
    let page = Page::new().block("ask", "read -p 'name? ' x; echo \"hi $x\"");
    let mut session = Session::run(&page, "ask");
    session.sees("name? ").types("Ada\r").sees("hi Ada\r\n");
    session.ends(0);
}

#[test]
fn a_block_has_a_terminal_of_the_persons_size() {
    let page = Page::new().block(
        "size",
        "trap 'stty size; exit 0' WINCH; tty; stty size; while :; do read -t 0.1 x || :; done",
    );
    let mut session = Session::run(&page, "size");
    session.sees("/dev/pts/").sees("30 90\r\n");
    session.terminal.resize(Size::new(40, 100)).unwrap();
    session.sees("40 100\r\n");
    session.ends(0);
}

#[test]
fn ctrl_c_is_the_blocks() {
    let page = Page::new().block(
        "wait",
        "trap 'echo caught; exit 7' INT; echo ready; while :; do read -t 0.1 x || :; done",
    );
    let mut session = Session::run(&page, "wait");
    session.sees("ready").types("\x03").sees("caught");
    session.ends(7);
}

#[test]
fn a_block_that_takes_no_notice_of_ctrl_c_still_ends_with_labctl() {
    let page = Page::new().block("stubborn", "trap '' INT; echo ready; sleep 1000");
    let mut session = Session::run(&page, "stubborn");
    session.sees("ready").types("\x03");
    let pid = i32::try_from(session.labctl.id()).unwrap();
    kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    session.ends(130);
}

#[test]
fn a_server_that_a_block_leaves_keeps_its_terminal_for_the_next() {
    let page = Page::new()
        .block(
            "serve",
            "mkfifo gate; (read go <gate; echo still here && echo wrote >done) &",
        )
        .block(
            "use",
            "echo go >gate; until [ -s done ]; do :; done; cat done",
        );
    let mut session = Session::run(&page, "--all");
    session.sees("wrote\r\n");
    session.ends(0);
}

#[test]
fn what_an_ordinary_block_exports_at_a_terminal_is_carried_on() {
    let page = Page::new()
        .block("a", "export X=1")
        .block("b", "echo \"got $X\"; exit 3");
    assert!(Session::run(&page, "--all").ends(3).contains("got 1\r\n"));
}
