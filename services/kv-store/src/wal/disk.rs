//! The seam between the log and the disk: few operations, each with what is durable after it.
//!
//! *Durable* means: there after a power cut. *Visible* means: seen by every later call, also by a process that starts
//! after this one was killed. Whatever a call changes is visible when it returns `Ok`. Until a sync says otherwise, each
//! change may be undone by a power cut on its own, a write also in part: any of its sectors, in any order.
//!
//! A call that returns an error may have done its work in full, in part or not at all.

use std::io;

/// One folder. Clones are the same folder; names have no path in them.
pub trait Disk: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// An open file of this folder.
    type File: DiskFile;

    /// The names of the files in the folder, in no order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file and opens it for reading and writing.
    ///
    /// Nothing is durable: not the name before [`sync_folder`](Disk::sync_folder), not the bytes before
    /// [`sync_data`](DiskFile::sync_data).
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) when there is a file of that name.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading and writing. Changes nothing.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) when there is no file of that name.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file for reading only, which a folder that is read-only allows. Changes nothing.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) when there is no file of that name.
    fn open_to_read(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name; a file that had that name is gone.
    ///
    /// At every moment, also after a power cut, the new name means the old or the new file, whole. Which of them is
    /// certain only after [`sync_folder`](Disk::sync_folder).
    ///
    /// # Errors
    /// When there is no such file, or the folder cannot be changed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a name away. Not durable before [`sync_folder`](Disk::sync_folder): the file may be back after a power cut.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) when there is no file of that name.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes every earlier create, rename and remove in this folder durable; says nothing of the files' bytes.
    ///
    /// # Errors
    /// When the disk fails; what is durable is then unknown, and asking again proves nothing.
    fn sync_folder(&self) -> io::Result<()>;
}

/// An open file.
pub trait DiskFile: std::fmt::Debug + Send + Sync + 'static {
    /// The visible length in bytes.
    ///
    /// # Errors
    /// When the disk fails.
    fn length(&self) -> io::Result<u64>;

    /// Fills the front of `buffer` from `offset` on; gives how many bytes it filled, 0 at the end of the file.
    ///
    /// # Errors
    /// When the disk fails.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes the front of `bytes` at `offset` in one call, and lengthens the file where it reaches past its end; a
    /// distance between that end and `offset` reads as zeros. Gives how many bytes it wrote, which may be fewer.
    ///
    /// Nothing is durable before [`sync_data`](DiskFile::sync_data).
    ///
    /// # Errors
    /// [`StorageFull`](io::ErrorKind::StorageFull) when there is no space.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Cuts the file, or lengthens it with zeros. Not durable before [`sync_data`](DiskFile::sync_data); then bytes that
    /// were cut off never come back.
    ///
    /// # Errors
    /// When the disk fails.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes every earlier write and change of length of this file durable. The name is not: see
    /// [`sync_folder`](Disk::sync_folder).
    ///
    /// # Errors
    /// When the disk fails. What is durable is then unknown, and a later `Ok` proves nothing about the earlier writes:
    /// the system may have dropped them and hold them for clean.
    fn sync_data(&self) -> io::Result<()>;
}
