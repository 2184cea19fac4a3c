//! Prints what is in a data directory, and changes nothing in it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::checkpoint::Mark;
use super::lock::{FolderLock, LockError};
use super::real_disk::RealDisk;
use super::record::{Action, Record};
use super::recovery::{Home, RecoveryError, read_checkpoint};
use super::scan::{self, Scan, Seen, Standing};

/// What a store called its files unless it was told otherwise.
const LOG_NAME: &str = "wal.log";
const CHECKPOINT_NAME: &str = "checkpoint.json";

/// Of a value, so many characters are shown.
const VALUE_SHOWN: usize = 60;

/// Whether a store has everything it acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soundness {
    /// It has; a torn tail is no loss.
    Sound,
    /// It has lost something, or would refuse to start.
    Damaged,
}

/// Why a directory cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It is not there, or not a directory, or not ours to read.
    #[error("cannot open {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// A store is running on it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What was found cannot be printed.
    #[error("cannot print")]
    Output(#[source] io::Error),
}

/// Prints the checkpoint, the records with their offsets, and what is wrong.
///
/// ```text
/// checkpoint.json: generation 1, sequence 100, 96 keys
/// wal.log.00000002
///          0  seq 101  gen 1  durable 100  ts 1732560000.25  SET "item-97" 97
///        108  seq 102  gen 1  durable 101  ts 1732560000.5   DELETE "item-3"
///        211  unreadable up to 240
/// wal.log.00000002: 211 bytes of records, 2 records in order, file of 65536 bytes
/// torn tail: wal.log.00000002 from 211 on; nothing says that it was acknowledged
/// ```
///
/// # Errors
/// When there is nothing to look at or nowhere to print; what is wrong with the files is [`Soundness::Damaged`].
pub fn inspect(folder: &Path, output: &mut impl Write) -> Result<Soundness, InspectError> {
    let disk =
        RealDisk::open(folder).map_err(|error| InspectError::Folder(folder.into(), error))?;
    let _lock = FolderLock::acquire_to_read(&folder.join(LOG_NAME))?;
    let home = Home {
        log_disk: disk.clone(),
        log_name: LOG_NAME.to_owned(),
        checkpoint_disk: disk,
        checkpoint_name: CHECKPOINT_NAME.to_owned(),
    };
    print(&home, output).map_err(InspectError::Output)
}

fn print(home: &Home<RealDisk>, output: &mut impl Write) -> io::Result<Soundness> {
    let mut soundness = Soundness::Sound;
    let mut keys = 0_u64;
    let mark = match read_checkpoint(home, |_, _| keys += 1) {
        Ok(mark) if mark == Mark::BEGINNING => {
            writeln!(output, "{CHECKPOINT_NAME}: none")?;
            mark
        }
        Ok(mark) => {
            let (generation, sequence) = (mark.generation, mark.sequence);
            let stand = format!("generation {generation}, sequence {sequence}, {keys} keys");
            writeln!(output, "{CHECKPOINT_NAME}: {stand}")?;
            mark
        }
        Err(error) => {
            refused(output, &error)?;
            soundness = Soundness::Damaged;
            // Above every record, so that each is listed and none is judged.
            Mark {
                sequence: 0,
                generation: u64::MAX,
            }
        }
    };
    let mut segment_shown = String::new();
    let mut printed = Ok(());
    let scanned = scan::scan(&home.log_disk, &home.log_name, mark, |seen| {
        if printed.is_ok() {
            printed = line(output, &mut segment_shown, &seen);
        }
    });
    printed?;
    match scanned {
        Ok(scan) if summary(output, &scan)? == Soundness::Sound => Ok(soundness),
        Ok(_) => Ok(Soundness::Damaged),
        Err(error) => {
            refused(output, &error)?;
            Ok(Soundness::Damaged)
        }
    }
}

fn refused(output: &mut impl Write, error: &RecoveryError) -> io::Result<()> {
    write!(output, "a store refuses to start: {error}")?;
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(output, ": {cause}")?;
        source = cause.source();
    }
    writeln!(output)
}

fn line(output: &mut impl Write, shown: &mut String, seen: &Seen<'_, '_>) -> io::Result<()> {
    let (Seen::Record { segment, .. } | Seen::Unreadable { segment, .. }) = seen;
    if shown != segment {
        shown.clear();
        shown.push_str(segment);
        writeln!(output, "{segment}")?;
    }
    match seen {
        Seen::Record {
            offset,
            record,
            standing,
            ..
        } => {
            write!(output, "{offset:>10}  ")?;
            print_record(output, record)?;
            writeln!(output, "{}", note(*standing))
        }
        Seen::Unreadable { start, end, .. } => {
            writeln!(output, "{start:>10}  unreadable up to {end}")
        }
    }
}

fn print_record(output: &mut impl Write, record: &Record<'_>) -> io::Result<()> {
    let Record {
        sequence,
        generation,
        durable,
        timestamp,
        ..
    } = record;
    write!(
        output,
        "seq {sequence}  gen {generation}  durable {durable}  ts {timestamp:<13}  "
    )?;
    let key = serde_json::to_string(&record.key)?;
    match record.action {
        Action::Delete => write!(output, "DELETE {key}"),
        Action::Set(value) => {
            let text = value.get();
            let end = text.char_indices().nth(VALUE_SHOWN);
            let (shown, more) = end.map_or((text, ""), |(end, _)| (&text[..end], "…"));
            write!(output, "SET {key} {shown}{more}")
        }
    }
}

fn note(standing: Standing) -> &'static str {
    match standing {
        Standing::InOrder => "",
        Standing::Covered => "  (in the checkpoint)",
        Standing::OldGeneration => "  (of an older generation)",
        Standing::Stranded => "  (stranded behind what is missing)",
    }
}

fn summary<F>(output: &mut impl Write, scan: &Scan<F>) -> io::Result<Soundness> {
    for found in &scan.segments {
        let (name, length, tally) = (&found.name, found.length, &found.tally);
        let (bytes, entries) = (tally.end - tally.start, tally.entries);
        writeln!(
            output,
            "{name}: {bytes} bytes of records, {entries} records in order, file of {length} bytes"
        )?;
    }
    let Some(end) = scan.end else {
        return Ok(Soundness::Sound);
    };
    let (name, offset) = (&scan.segments[end.place.segment].name, end.place.offset);
    if end.is_damage {
        let (missing, lost) = (scan.last + 1, end.stranded + 1);
        writeln!(
            output,
            "damage: {name} at {offset}: record {missing} was acknowledged and cannot be read; {lost} records lost"
        )?;
        return Ok(Soundness::Damaged);
    }
    writeln!(
        output,
        "torn tail: {name} from {offset} on; nothing says that it was acknowledged"
    )?;
    Ok(Soundness::Sound)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::UNIX_EPOCH;

    use serde_json::value::RawValue;

    use super::*;
    use crate::wal::{Change, Durability, LogOptions, open};

    /// Writes six records, the first two of them in the checkpoint, into segments of their own.
    fn write(folder: &Path) -> RealDisk {
        let disk = RealDisk::open(folder).unwrap();
        let home = Home {
            log_disk: disk.clone(),
            log_name: LOG_NAME.to_owned(),
            checkpoint_disk: disk.clone(),
            checkpoint_name: CHECKPOINT_NAME.to_owned(),
        };
        let options = LogOptions::new(Durability::Disk);
        let mut store = open(&home, options, UNIX_EPOCH, |_, _| ()).unwrap();
        store.log.prepare().unwrap();
        for number in 0..6 {
            if number == 2 {
                let sequence = store.log.cut();
                let mark = Mark {
                    sequence,
                    generation: 1,
                };
                let entries = [("a", RawValue::NULL)];
                store.checkpoint.write(mark, UNIX_EPOCH, entries).unwrap();
                store.log.covered(sequence).carry_out().unwrap();
            }
            let change = Change {
                key: "k\"",
                action: [Action::Set(RawValue::TRUE), Action::Delete][number % 2],
                time: UNIX_EPOCH,
            };
            store.log.append([change]).unwrap();
        }
        disk
    }

    fn shown(folder: &Path) -> (Soundness, String) {
        let mut output = Vec::new();
        let soundness = inspect(folder, &mut output).unwrap();
        (soundness, String::from_utf8(output).unwrap())
    }

    #[test]
    fn records_are_printed_with_their_offsets() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let expected = r#"checkpoint.json: generation 1, sequence 2, 1 keys
wal.log.00000002
         0  seq 3  gen 1  durable 2  ts 0              SET "k\"" true
        82  seq 4  gen 1  durable 3  ts 0              DELETE "k\""
       167  seq 5  gen 1  durable 4  ts 0              SET "k\"" true
       249  seq 6  gen 1  durable 5  ts 0              DELETE "k\""
wal.log.00000002: 334 bytes of records, 4 records in order, file of 65536 bytes
"#;
        let (soundness, text) = shown(folder.path());
        assert_eq!(text, expected);
        assert_eq!(soundness, Soundness::Sound);
    }

    #[test]
    fn a_torn_tail_is_sound_and_damage_is_not_and_both_are_placed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let segment = folder.path().join("wal.log.00000002");
        let whole = fs::read(&segment).unwrap();
        fs::write(&segment, &whole[..300]).unwrap();
        let (soundness, text) = shown(folder.path());
        assert_eq!(soundness, Soundness::Sound);
        assert!(
            text.contains("\n       249  unreadable up to 300\n"),
            "{text}"
        );
        assert!(
            text.contains("\ntorn tail: wal.log.00000002 from 249 on;"),
            "{text}"
        );
        let mut changed = whole;
        changed[100] ^= 4;
        fs::write(&segment, &changed).unwrap();
        let (soundness, text) = shown(folder.path());
        assert_eq!(soundness, Soundness::Damaged);
        assert!(
            text.contains("\n        82  unreadable up to 167\n"),
            "{text}"
        );
        let damage = "\ndamage: wal.log.00000002 at 82: record 4 was acknowledged and cannot be read; 3 records lost\n";
        assert!(text.contains(damage), "{text}");
        assert!(fs::read(&segment).unwrap() == changed);
    }

    #[test]
    fn records_are_listed_also_behind_a_checkpoint_that_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        fs::write(folder.path().join(CHECKPOINT_NAME), "{}").unwrap();
        let (soundness, text) = shown(folder.path());
        assert_eq!(soundness, Soundness::Damaged);
        let refusal = "a store refuses to start: unreadable checkpoint checkpoint.json: no check value at its end\n";
        assert!(text.starts_with(refusal), "{text}");
        assert!(text.contains("seq 6"), "{text}");
    }

    #[test]
    fn a_folder_that_is_missing_or_in_use_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let missing = inspect(&folder.path().join("none"), &mut Vec::new());
        assert!(matches!(missing, Err(InspectError::Folder(..))));
        let _lock = FolderLock::acquire(&folder.path().join(LOG_NAME)).unwrap();
        let in_use = inspect(folder.path(), &mut Vec::new());
        assert!(matches!(
            in_use,
            Err(InspectError::Lock(LockError::Held(_)))
        ));
    }
}
