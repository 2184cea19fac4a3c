//! The checkpoint: the contents at one sequence, replaced as a whole or not at all.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::disk::{Disk, DiskFile};
use super::segment::write_all;

/// Written to the disk at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Where a checkpoint stands.
///
/// ```text
/// {"data":{"user-1":{"balance":100}},"last_sequence":7,"timestamp":1732560000.25,"generation":1,"check":305419896}
/// ├───────────────────────── checked ─────────────────────────────────────────────┤
/// ```
///
/// `check` is the CRC-32C of every byte before `,"check"`. `data` has the keys in the order of their insertion and the
/// values byte for byte. No file is generation 1, sequence 0, nothing in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The newest operation that is in it.
    pub sequence: u64,
    /// The generation of the log that goes on from it.
    pub generation: u64,
}

impl Mark {
    /// Where a store begins that has no checkpoint.
    pub const BEGINNING: Self = Self {
        sequence: 0,
        generation: 1,
    };
}

/// Why there is no new checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The older checkpoint stands.
    #[error("cannot write the checkpoint")]
    Kept(#[source] io::Error),
    /// The older or the new one stands; a power cut may decide. Both are whole.
    #[error("the disk cannot say which checkpoint it has")]
    Undecided(#[source] io::Error),
    /// A newer one has been written.
    #[error("a newer checkpoint has been written")]
    Older,
}

/// Why a checkpoint is not one to start from.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableCheckpoint {
    /// The disk fails.
    #[error("cannot read the checkpoint")]
    Disk(#[source] io::Error),
    /// Its end is not `,"check":N}`, so it is cut off, or not a checkpoint.
    #[error("no check value at its end")]
    Unchecked,
    /// Its bytes are not those that were written.
    #[error("check value does not match")]
    Damaged,
    /// It is whole, and written by a version that this one does not understand.
    #[error("not in the form this version writes")]
    Foreign(#[source] serde_json::Error),
}

/// The place of the checkpoint. Only one is ever written at a time, and never an older over a newer one.
#[derive(Debug)]
pub struct CheckpointFile<D> {
    disk: D,
    name: String,
    temporary: String,
    newest: Mark,
}

impl<D: Disk> CheckpointFile<D> {
    /// The checkpoint `name` in the folder; `newest` is what was read from it.
    pub(super) fn new(disk: D, name: &str, newest: Mark) -> Self {
        Self {
            disk,
            name: name.to_owned(),
            temporary: temporary_name(name),
            newest,
        }
    }

    /// Where the newest checkpoint stands.
    pub fn newest(&self) -> Mark {
        self.newest
    }

    /// Writes `entries`, which are the contents at `mark`, beside the older checkpoint, and puts it in its place. When
    /// it returns `Ok` the new one is durable.
    ///
    /// # Errors
    /// See [`CheckpointError`]; a later attempt may succeed.
    pub fn write<'a>(
        &mut self,
        mark: Mark,
        time: SystemTime,
        entries: impl IntoIterator<Item = (&'a str, &'a RawValue)>,
    ) -> Result<(), CheckpointError> {
        let order = |mark: Mark| (mark.generation, mark.sequence);
        if order(mark) < order(self.newest) {
            return Err(CheckpointError::Older);
        }
        if let Err(error) = self.write_temporary(mark, time, entries) {
            let _ = self.disk.remove(&self.temporary);
            return Err(CheckpointError::Kept(error));
        }
        let renamed = self.disk.rename(&self.temporary, &self.name);
        renamed
            .and_then(|()| self.disk.sync_folder())
            .map_err(CheckpointError::Undecided)?;
        self.newest = mark;
        Ok(())
    }

    fn write_temporary<'a>(
        &self,
        mark: Mark,
        time: SystemTime,
        entries: impl IntoIterator<Item = (&'a str, &'a RawValue)>,
    ) -> io::Result<()> {
        remove_if_there(&self.disk, &self.temporary)?;
        let mut output = Output {
            file: self.disk.create(&self.temporary)?,
            buffer: Vec::with_capacity(CHUNK_BYTES + (16 << 10)),
            offset: 0,
            check: 0,
        };
        output.buffer.extend_from_slice(br#"{"data":{"#);
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 {
                output.buffer.push(b',');
            }
            serde_json::to_writer(&mut output.buffer, key)?;
            output.buffer.push(b':');
            output.buffer.extend_from_slice(value.get().as_bytes());
            if output.buffer.len() >= CHUNK_BYTES {
                output.flush()?;
            }
        }
        let Mark {
            sequence,
            generation,
        } = mark;
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let timestamp = serde_json::to_string(&since_epoch.as_secs_f64())?;
        let end = format!(
            r#"}},"last_sequence":{sequence},"timestamp":{timestamp},"generation":{generation}"#
        );
        output.buffer.extend_from_slice(end.as_bytes());
        output.flush()?;
        let check = format!(r#","check":{}}}"#, output.check);
        output.buffer.extend_from_slice(check.as_bytes());
        output.flush()?;
        output.file.sync_data()
    }
}

/// What the temporary file is called: the same path with another extension.
pub(super) fn temporary_name(name: &str) -> String {
    let stem = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    format!("{}.tmp", stem.map_or(name, |(stem, _)| stem))
}

pub(super) fn remove_if_there(disk: &impl Disk, name: &str) -> io::Result<()> {
    match disk.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

struct Output<F> {
    file: F,
    buffer: Vec<u8>,
    offset: u64,
    check: u32,
}

impl<F: DiskFile> Output<F> {
    fn flush(&mut self) -> io::Result<()> {
        self.check = crc32c::crc32c_append(self.check, &self.buffer);
        write_all(&self.file, &self.buffer, self.offset)?;
        self.file.sync_data()?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Reads the checkpoint `name`, giving its entries to `each` in their order; [`Mark::BEGINNING`] when there is no file.
///
/// # Errors
/// When it cannot be read; `each` may have had some of its entries, which are then worth nothing.
pub(super) fn read<D: Disk>(
    disk: &D,
    name: &str,
    each: impl FnMut(&str, &RawValue),
) -> Result<Mark, UnreadableCheckpoint> {
    match read_file(disk, name).map_err(UnreadableCheckpoint::Disk)? {
        Some(bytes) => parse(&bytes, each),
        None => Ok(Mark::BEGINNING),
    }
}

fn parse(
    bytes: &[u8],
    mut each: impl FnMut(&str, &RawValue),
) -> Result<Mark, UnreadableCheckpoint> {
    let checked = checked_part(bytes).ok_or(UnreadableCheckpoint::Unchecked)?;
    if crc32c::crc32c(checked.bytes) != checked.value {
        return Err(UnreadableCheckpoint::Damaged);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Contents(&mut each).deserialize(&mut deserializer);
    let mark = read.and_then(|mark| deserializer.end().map(|()| mark));
    mark.map_err(UnreadableCheckpoint::Foreign)
}

fn read_file<D: Disk>(disk: &D, name: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open_to_read(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.length()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let read = file.read_at(&mut bytes[filled..], filled as u64)?;
        if read == 0 {
            bytes.truncate(filled);
            break;
        }
        filled += read;
    }
    Ok(Some(bytes))
}

struct Checked<'a> {
    bytes: &'a [u8],
    value: u32,
}

fn checked_part(bytes: &[u8]) -> Option<Checked<'_>> {
    let place = memchr::memmem::rfind(bytes, br#","check":"#)?;
    let (bytes, end) = bytes.split_at(place);
    let digits = str::from_utf8(end)
        .ok()?
        .strip_prefix(r#","check":"#)?
        .strip_suffix('}')?;
    let value: u32 = digits.parse().ok()?;
    // One way to write it, so that no byte of the file can change unseen.
    (value.to_string() == digits).then_some(Checked { bytes, value })
}

/// The whole object; its entries go out as they are met.
struct Contents<'f, F>(&'f mut F);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Data,
    LastSequence,
    Timestamp,
    Generation,
    Check,
}

impl<'de, F: FnMut(&str, &RawValue)> DeserializeSeed<'de> for Contents<'_, F> {
    type Value = Mark;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Mark, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &RawValue)> Visitor<'de> for Contents<'_, F> {
    type Value = Mark;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a checkpoint")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mark, A::Error> {
        let (mut sequence, mut generation, mut has_data) = (None, None, false);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Data => {
                    map.next_value_seed(Entries(self.0))?;
                    has_data = true;
                }
                Field::LastSequence => sequence = Some(map.next_value()?),
                Field::Generation => generation = Some(map.next_value()?),
                Field::Timestamp => drop(map.next_value::<f64>()?),
                Field::Check => drop(map.next_value::<u32>()?),
            }
        }
        if !has_data {
            return Err(A::Error::missing_field("data"));
        }
        Ok(Mark {
            sequence: sequence.ok_or_else(|| A::Error::missing_field("last_sequence"))?,
            generation: generation.ok_or_else(|| A::Error::missing_field("generation"))?,
        })
    }
}

struct Entries<'f, F>(&'f mut F);

impl<'de, F: FnMut(&str, &RawValue)> DeserializeSeed<'de> for Entries<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &RawValue)> Visitor<'de> for Entries<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the contents")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            (self.0)(&key, map.next_value::<&RawValue>()?);
        }
        Ok(())
    }
}

/// A key that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wal::RealDisk;
    use std::path::Path;

    const MARK: Mark = Mark {
        sequence: 7,
        generation: 2,
    };

    fn open(folder: &Path) -> (RealDisk, CheckpointFile<RealDisk>) {
        let disk = RealDisk::open(folder).unwrap();
        let file = CheckpointFile::new(disk.clone(), "checkpoint.json", Mark::BEGINNING);
        (disk, file)
    }

    fn write(file: &mut CheckpointFile<RealDisk>, entries: &[(&str, &str)]) {
        let entries = entries
            .iter()
            .map(|&(key, value)| (key, serde_json::from_str::<&RawValue>(value).unwrap()));
        file.write(MARK, UNIX_EPOCH, entries).unwrap();
    }

    fn contents(disk: &RealDisk) -> Result<(Mark, Vec<(String, String)>), UnreadableCheckpoint> {
        let mut entries = Vec::new();
        let mark = read(disk, "checkpoint.json", |key, value| {
            entries.push((key.to_owned(), value.get().to_owned()));
        })?;
        Ok((mark, entries))
    }

    #[test]
    fn what_is_written_is_read_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, mut file) = open(folder.path());
        assert_eq!(contents(&disk).unwrap(), (Mark::BEGINNING, vec![]));
        write(&mut file, &[]);
        assert_eq!(contents(&disk).unwrap(), (MARK, vec![]));
        let entries = [
            ("z", "null"),
            ("a\"", r#"{"y":1,"x":",\"check\":1}"}"#),
            ("", "1.0"),
        ];
        write(&mut file, &entries);
        let owned = entries.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(contents(&disk).unwrap(), (MARK, owned.to_vec()));
        assert_eq!(disk.names().unwrap(), ["checkpoint.json"]);
    }

    #[test]
    fn a_checkpoint_is_one_json_object_with_its_check_last() {
        let folder = tempfile::tempdir().unwrap();
        let (_disk, mut file) = open(folder.path());
        write(&mut file, &[("k", "[1]"), ("l", "2")]);
        let text = std::fs::read_to_string(folder.path().join("checkpoint.json")).unwrap();
        let start = r#"{"data":{"k":[1],"l":2},"last_sequence":7,"timestamp":0.0,"generation":2"#;
        let check = crc32c::crc32c(start.as_bytes());
        assert_eq!(text, format!(r#"{start},"check":{check}}}"#));
    }

    #[test]
    fn neither_a_cut_nor_a_changed_byte_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (_disk, mut file) = open(folder.path());
        write(&mut file, &[("key", r#"{"a":[1,2]}"#)]);
        let bytes = std::fs::read(folder.path().join("checkpoint.json")).unwrap();
        assert_eq!(parse(&bytes, |_, _| ()).unwrap(), MARK);
        for at in 0..bytes.len() {
            parse(&bytes[..at], |_, _| ()).unwrap_err();
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                parse(&changed, |_, _| ()).unwrap_err();
            }
        }
    }

    #[test]
    fn one_from_the_future_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, _) = open(folder.path());
        let start = r#"{"data":{},"last_sequence":7,"timestamp":0.0,"generation":2,"format":9"#;
        let check = crc32c::crc32c(start.as_bytes());
        let text = format!(r#"{start},"check":{check}}}"#);
        std::fs::write(folder.path().join("checkpoint.json"), text).unwrap();
        let error = contents(&disk).unwrap_err();
        assert!(matches!(error, UnreadableCheckpoint::Foreign(_)), "{error}");
    }

    #[test]
    fn an_older_checkpoint_is_never_put_over_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, mut file) = open(folder.path());
        write(&mut file, &[("k", "1")]);
        for (generation, sequence) in [(2, 6), (1, 99)] {
            let mark = Mark {
                sequence,
                generation,
            };
            let refused = file.write(mark, UNIX_EPOCH, []);
            assert!(matches!(refused, Err(CheckpointError::Older)));
        }
        assert_eq!(contents(&disk).unwrap().0, MARK);
    }

    #[test]
    fn one_that_cannot_be_written_leaves_the_older_and_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, mut file) = open(folder.path());
        write(&mut file, &[("k", "1")]);
        std::fs::create_dir(folder.path().join("checkpoint.tmp")).unwrap();
        let refused = file.write(MARK, UNIX_EPOCH, []);
        assert!(matches!(refused, Err(CheckpointError::Kept(_))));
        assert_eq!(contents(&disk).unwrap().1.len(), 1);
        std::fs::remove_dir(folder.path().join("checkpoint.tmp")).unwrap();
        std::fs::write(folder.path().join("checkpoint.tmp"), "stale").unwrap();
        write(&mut file, &[]);
        assert_eq!(contents(&disk).unwrap().1.len(), 0);
    }

    #[test]
    fn the_temporary_file_has_another_extension() {
        assert_eq!(temporary_name("checkpoint.json"), "checkpoint.tmp");
        assert_eq!(temporary_name("checkpoint"), "checkpoint.tmp");
        assert_eq!(temporary_name(".checkpoint"), ".checkpoint.tmp");
    }
}
