//! The person's own terminal while a block has one of its own: what is typed goes to the block, and the block's terminal
//! has the size of the person's.

use std::{
    fs::OpenOptions,
    io::{self, stdin},
    os::{
        fd::AsFd as _,
        unix::{ffi::OsStrExt as _, fs::OpenOptionsExt as _},
    },
};

use pty_process::{OwnedWritePty, Size};
use rustix::{
    fs::OFlags,
    termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, ttyname},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe::Receiver,
    signal::unix::{Signal, SignalKind, signal},
};

const BUFFER_BYTES: usize = 4096;

/// The caller's terminal, raw until this is dropped, so that every key reaches the block: Ctrl-C too.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Polled as a pipe would be. Opened anew: what is set on it does not show in the caller's standard input.
    typed: Receiver,
    before: Termios,
    resized: Signal,
}

impl Terminal {
    /// Takes over the terminal that is standard input.
    ///
    /// # Errors
    /// Standard input is no terminal, or it cannot be opened.
    pub(super) fn take_over() -> io::Result<Self> {
        let name = ttyname(stdin(), Vec::new())?;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))?;
        let before = tcgetattr(&file)?;
        let terminal = Self {
            typed: Receiver::from_file_unchecked(file)?,
            before: before.clone(),
            resized: signal(SignalKind::window_change())?,
        };
        let mut raw = before;
        raw.make_raw();
        tcsetattr(terminal.typed.as_fd(), OptionalActions::Drain, &raw)?;
        Ok(terminal)
    }

    /// Its size.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn size(&self) -> io::Result<Size> {
        let size = tcgetwinsize(self.typed.as_fd())?;
        Ok(Size::new_with_pixel(
            size.ws_row,
            size.ws_col,
            size.ws_xpixel,
            size.ws_ypixel,
        ))
    }

    /// Hands on what is typed, and every new size, for as long as there is something to hand on.
    pub(super) async fn hand_on(&mut self, mut block: OwnedWritePty) {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            tokio::select! {
                read = self.typed.read(&mut buffer) => match read {
                    Ok(read @ 1..) if block.write_all(&buffer[..read]).await.is_ok() => {}
                    _ => return,
                },
                Some(()) = self.resized.recv() => {
                    if let Ok(size) = self.size() {
                        // Lost with the block's terminal, if that is gone.
                        let _ = block.resize(size);
                    }
                }
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // There is nobody left to tell if the terminal is gone.
        let _ = tcsetattr(self.typed.as_fd(), OptionalActions::Drain, &self.before);
    }
}
