//! The binary driven from outside, one file per subcommand.

#![expect(clippy::unwrap_used, reason = "a test ends where its own set-up fails")]

mod asked;
mod bad_input;
mod chosen;
mod dashboard;
mod explain;
mod format_doc;
mod formats;
mod init;
mod lint;
mod list;
mod page;
mod readme;
mod record;
mod report;
mod review;
mod run;
mod runme;
mod said;
mod session;
mod terminal;
mod verify;
mod watched;
