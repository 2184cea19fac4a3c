//! A PostgreSQL server.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use nix::unistd::User;

use crate::process::{connect, find, unprivileged};
use crate::store::Store;
use crate::template::{self, DATABASE, PASSWORD, Programs, USER};

const PACKAGE: &str = "postgresql";

/// A PostgreSQL server with one database, that does not sync to disk; ended when dropped. A restart keeps its data.
#[derive(Debug)]
pub struct Postgres {
    store: Store,
    programs: Programs,
    owner: Option<User>,
}

impl Postgres {
    /// Starts a server on a free port, waits until it answers and runs `script` in its database.
    ///
    /// # Panics
    /// PostgreSQL is not installed or does not start, or the script fails.
    #[must_use = "the server ends when this is dropped"]
    pub fn start(script: &str) -> Self {
        let folders = debian_folders();
        let programs = Programs {
            initdb: find("initdb", &folders, PACKAGE),
            postgres: find("postgres", &folders, PACKAGE),
            psql: find("psql", &folders, PACKAGE),
        };
        let owner = unprivileged();
        let store = Store::new();
        template::give(store.folder(), owner.as_ref());
        template::copy_to(&store.folder().join("data"), &programs, owner.as_ref());
        let mut postgres = Self {
            store,
            programs,
            owner,
        };
        postgres.start_again();
        postgres.psql(script);
        postgres
    }

    /// `postgresql://labuser:labpass@127.0.0.1:<port>/lab`
    pub fn url(&self) -> String {
        format!(
            "postgresql://{USER}:{PASSWORD}@127.0.0.1:{}/{DATABASE}",
            self.store.port()
        )
    }

    /// Runs SQL in a transaction that stays open, with its locks, until the guard is dropped.
    ///
    /// # Panics
    /// The SQL fails.
    #[must_use = "the transaction ends when this is dropped"]
    pub fn transaction(&self, sql: &str) -> Transaction {
        let mut child = self.psql_command();
        let input = child.stdin.as_mut().expect("it is piped");
        writeln!(input, "BEGIN; {sql};\n\\echo done").expect("psql reads");
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines();
        let is_done = lines.any(|line| line.is_ok_and(|line| line == "done"));
        assert!(is_done, "psql ended early");
        Transaction(child)
    }

    /// Runs SQL and gives what it prints: a line for each row, `|` between columns.
    ///
    /// # Panics
    /// The SQL fails.
    pub fn psql(&self, sql: &str) -> String {
        let mut child = self.psql_command();
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(sql.as_bytes()).expect("psql reads");
        drop(input);
        let output = child.wait_with_output().expect("it is our child");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql failed:\n{said}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    fn psql_command(&self) -> Child {
        Command::new(&self.programs.psql)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname", &self.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run psql: {error}"))
    }

    /// Stops the server as `docker stop` would, with SIGINT: sessions are ended, new ones refused.
    pub fn stop(&mut self) {
        self.store.stop(Signal::SIGINT);
    }

    /// Starts a stopped server on the same port, with the same data.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        let port = self.store.port();
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=50".to_owned(),
            "shared_buffers=32MB".to_owned(),
            "fsync=off".to_owned(),
            "autovacuum=off".to_owned(),
        ];
        let data = self.store.folder().join("data").display().to_string();
        let mut arguments = vec!["-D".to_owned(), data];
        arguments.extend(settings.into_iter().flat_map(|s| ["-c".to_owned(), s]));
        let owner = self.owner.as_ref();
        self.store.start(
            "postgres",
            &self.programs.postgres,
            &arguments,
            owner,
            || answers(port),
        );
    }

    /// Freezes the server and its sessions: it accepts connections and answers nothing.
    pub fn pause(&mut self) {
        self.store.pause();
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) {
        self.store.resume();
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        self.store.log()
    }
}

/// An open transaction; dropping it rolls back.
#[derive(Debug)]
pub struct Transaction(Child);

impl Drop for Transaction {
    fn drop(&mut self) {
        // At the end of its input psql ends, and the server rolls back.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A start-up packet for an unknown user is answered with a question for the password (`R`), or, while
/// the server still starts, with an error (`E`).
fn answers(port: u16) -> bool {
    let ask = || {
        let mut stream = connect(port)?;
        let parameters = b"user\0nobody\0database\0lab\0\0";
        let length = u8::try_from(8 + parameters.len()).ok()?;
        let mut packet = vec![0, 0, 0, length, 0, 3, 0, 0];
        packet.extend_from_slice(parameters);
        stream.write_all(&packet).ok()?;
        let mut kind = [0];
        stream.read_exact(&mut kind).ok()?;
        Some(kind == *b"R")
    };
    ask() == Some(true)
}

/// `/usr/lib/postgresql/<version>/bin`, the newest first; Debian keeps the server's programs out of `PATH`.
fn debian_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    folders.sort_by(|a, b| b.cmp(a));
    folders.into_iter().map(|(_, folder)| folder).collect()
}
