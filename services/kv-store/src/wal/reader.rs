//! Reads records out of segments, in a window that moves over the file.

use std::io;

use super::disk::{Disk, DiskFile};
use super::record::{self, NotARecord, Record};

/// Read from the disk at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// The records that were in the log when it was made; reads them from the files.
#[derive(Debug)]
pub struct LogReader<D> {
    disk: D,
    stretches: Vec<Stretch>,
}

/// A part of a file that holds records and nothing else.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl<D: Disk> LogReader<D> {
    pub(super) fn new(disk: D, stretches: Vec<Stretch>) -> Self {
        Self { disk, stretches }
    }

    /// Gives every record to `each`, in the order of the log. Passes over a file that a checkpoint has made needless
    /// since.
    ///
    /// # Errors
    /// When a file cannot be read, or a record in it is not what was written.
    pub fn read(&self, mut each: impl FnMut(&Record<'_>)) -> io::Result<()> {
        for stretch in self.stretches.iter().filter(|s| s.start < s.end) {
            let file = match self.disk.open_to_read(&stretch.name) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut window = Window::new(&file, stretch.start, stretch.end);
            while window.offset() < stretch.end {
                let Ok(record) = window.record()? else {
                    let place = format!("no record in {} at {}", stretch.name, window.offset());
                    return Err(io::Error::new(io::ErrorKind::InvalidData, place));
                };
                let (record, size) = record;
                each(&record);
                window.advance(size);
            }
        }
        Ok(())
    }
}

/// A view of a file from one offset on, as far as one asks.
#[derive(Debug)]
pub(super) struct Window<'f, F> {
    file: &'f F,
    /// Where the file ends for us.
    end: u64,
    /// Where the next byte is read from: the end of `bytes`.
    read_to: u64,
    bytes: Vec<u8>,
    /// The front of the view in `bytes`.
    front: usize,
}

impl<'f, F: DiskFile> Window<'f, F> {
    pub(super) fn new(file: &'f F, start: u64, end: u64) -> Self {
        Self {
            file,
            end,
            read_to: start,
            bytes: Vec::new(),
            front: 0,
        }
    }

    /// Where the view begins in the file.
    pub(super) fn offset(&self) -> u64 {
        self.read_to - (self.bytes.len() - self.front) as u64
    }

    /// The bytes from the offset on: `wanted` of them or more, fewer only at the end of the file.
    pub(super) fn view(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.bytes.len() - self.front < wanted && self.read_to < self.end {
            self.bytes.drain(..self.front);
            self.front = 0;
            let held = self.bytes.len();
            let left = usize::try_from(self.end - self.read_to).unwrap_or(usize::MAX);
            self.bytes.resize(held + left.min(CHUNK_BYTES), 0);
            let read = self.file.read_at(&mut self.bytes[held..], self.read_to)?;
            self.bytes.truncate(held + read);
            self.read_to += read as u64;
            if read == 0 {
                self.end = self.read_to;
            }
        }
        Ok(&self.bytes[self.front..])
    }

    /// The record at the offset, and its size.
    pub(super) fn record(&mut self) -> io::Result<Result<(Record<'_>, usize), NotARecord>> {
        let size = record::size_by_length(self.view(record::LENGTH_BYTES)?);
        Ok(record::decode(self.view(size.unwrap_or(0))?))
    }

    /// Moves the view on, by bytes that are in it.
    pub(super) fn advance(&mut self, count: usize) {
        self.front = (self.front + count).min(self.bytes.len());
    }

    /// Moves the view to the next place after the offset where a record may begin, or to the end; gives whether all that
    /// it passed over was zeros.
    pub(super) fn seek(&mut self) -> io::Result<bool> {
        let mut is_zeros = true;
        loop {
            // Behind the offset, a length and the start of a payload.
            let view = self.view(1 + CANDIDATE_BYTES)?;
            let found = view.get(1 + record::LENGTH_BYTES..);
            let place = found.and_then(|view| memchr::memmem::find(view, record::PAYLOAD_START));
            let passed = match place {
                Some(place) => 1 + place,
                None if view.len() <= CANDIDATE_BYTES => view.len(),
                // What is left of the view may be the front of one.
                None => view.len() - CANDIDATE_BYTES,
            };
            is_zeros = is_zeros && is_zero(&view[..passed]);
            self.advance(passed);
            if place.is_some() || self.view(1)?.is_empty() {
                return Ok(is_zeros);
            }
        }
    }
}

/// The bytes by which a record is looked for.
pub(super) const CANDIDATE_BYTES: usize = record::LENGTH_BYTES + record::PAYLOAD_START.len();

fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: &[u8] = &[0; 4 << 10];
    bytes
        .chunks(ZEROS.len())
        .all(|chunk| chunk == &ZEROS[..chunk.len()])
}
