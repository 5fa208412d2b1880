use std::borrow::Cow;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use super::{ArchiveFault, Chart, Error, Warned, load};
use crate::value::Str;

/// How many bytes the files of a chart may have together, inflated: it must stay below.
pub(super) const MAX_TOTAL: u64 = 100 * 1024 * 1024;

/// How many bytes an archive may have inflated, headers and what is passed over included. Helm goes
/// on for ever as long as the files are small.
const MAX_STREAM: u64 = 2 * MAX_TOTAL;

/// How many bytes the archives within a chart may have together, inflated. Helm has no such limit.
pub(super) const MAX_INNER: u64 = 256 * 1024 * 1024;

/// The first allocation for a file whose header may lie about its size.
const FIRST_ALLOCATION: u64 = 8 * 1024 * 1024;

/// A file taken out of an archive, its name relative to the chart.
pub type ArchiveFile = super::File;

/// Loads a chart from the bytes of a gzipped tar archive.
///
/// # Errors
/// [`Error::Archive`] when the archive is damaged or holds what it must not; else as
/// [`super::load`].
pub fn load_archive(bytes: &[u8]) -> Result<Warned<Chart>, Error> {
    load::build(read_archive(bytes)?)
}

/// Takes the files out of a gzipped tar archive, in memory.
///
/// The first part of each path is dropped, whatever it is; `\` separates parts too; links come
/// back as empty files; the total size is limited to 100 MiB.
///
/// # Errors
/// [`ArchiveFault`] for damaged bytes, names that lead out of the chart, and too much data.
///
/// # Source
/// Helm v4 `pkg/chart/loader/archive`.
pub fn read_archive(bytes: &[u8]) -> Result<Vec<ArchiveFile>, ArchiveFault> {
    if bytes.is_empty() {
        return Err(ArchiveFault::Empty);
    }
    if bytes.len() < 10 {
        return Err(ArchiveFault::Truncated);
    }
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        return Err(ArchiveFault::NotGzip);
    }
    match read_whole(bytes) {
        Some(files) => Ok(files),
        None => read_step_by_step(bytes, MAX_STREAM),
    }
}

/// Takes the files out of an archive, whatever it is like. `stream` is how many bytes it may have
/// inflated.
fn read_step_by_step(bytes: &[u8], stream: u64) -> Result<Vec<ArchiveFile>, ArchiveFault> {
    let bounded = Bounded { inner: MultiGzDecoder::new(bytes), left: stream };
    let mut archive = tar::Archive::new(BufReader::with_capacity(32 * 1024, bounded));
    let mut files = Vec::new();
    let mut remaining = MAX_TOTAL;
    for entry in archive.entries().map_err(|error| fault(&error))? {
        let mut entry = entry.map_err(|error| fault(&error))?;
        let Some(name) = chart_name(&entry)? else { continue };
        let size = if holds_data(entry.header().entry_type()) { entry.size() } else { 0 };
        if size >= remaining {
            return Err(ArchiveFault::TooLarge { limit: MAX_TOTAL });
        }
        let mut data = Vec::with_capacity(size.min(FIRST_ALLOCATION) as usize);
        if size > 0 {
            (&mut entry).take(remaining).read_to_end(&mut data).map_err(|error| fault(&error))?;
        }
        let read = data.len() as u64;
        if read < size {
            return Err(ArchiveFault::Truncated);
        }
        remaining = remaining.saturating_sub(read);
        if remaining == 0 {
            return Err(ArchiveFault::TooLarge { limit: MAX_TOTAL });
        }
        let modified = modified(entry.header());
        files.push(ArchiveFile { name, data: Str::from(without_mark(&data)), modified });
    }
    if files.is_empty() {
        return Err(ArchiveFault::NoFiles);
    }
    Ok(files)
}

/// Inflates so many bytes and no more.
struct Bounded<'a> {
    inner: MultiGzDecoder<&'a [u8]>,
    left: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let length = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..length])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Takes the files out of a sound archive of the usual kind: one gzip member, plain entries.
///
/// The whole is inflated at once and the files are parts of it. `None` leaves all that is damaged
/// or unusual to the reader that goes step by step.
fn read_whole(bytes: &[u8]) -> Option<Vec<ArchiveFile>> {
    let text = Arc::new(inflate(bytes)?);
    let mut archive = tar::Archive::new(Cursor::new(text.as_slice()));
    let mut files = Vec::new();
    let mut remaining = MAX_TOTAL;
    for entry in archive.entries_with_seek().ok()? {
        let entry = entry.ok()?;
        let kind = entry.header().entry_type();
        let start = usize::try_from(entry.raw_file_position()).ok()?;
        let size = usize::try_from(entry.size()).ok()?;
        // What follows an entry begins at a block of 512 bytes.
        let next = start.checked_add(size)?.checked_next_multiple_of(512)?;
        if next > text.len() || kind.is_gnu_sparse() {
            return None;
        }
        let Some(name) = chart_name(&entry).ok()? else { continue };
        let size = if holds_data(kind) { size } else { 0 };
        remaining = remaining.checked_sub(size as u64).filter(|remaining| *remaining > 0)?;
        let data = &text[start..start + size];
        let mark = size - without_mark(data).len();
        let data = Str::part(&text, start + mark..start + size);
        files.push(ArchiveFile { name, data, modified: modified(entry.header()) });
    }
    (!files.is_empty()).then_some(files)
}

/// Inflates a gzip file of exactly one sound member.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    const MAGIC: &[u8] = b"\x1f\x8b\x08";
    let (body, trailer) = bytes.split_last_chunk::<8>()?;
    let (sum, size) = trailer.split_at(4);
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_le_bytes);
    let (sum, size) = (number(sum)?, number(size)?);
    if u64::from(size) > MAX_STREAM {
        return None;
    }
    let mut text = vec![0; size as usize];
    let inflated = libdeflater::Decompressor::new().gzip_decompress(bytes, &mut text).ok()?;
    if inflated != text.len() {
        return None;
    }
    // Whether the last trailer is that of the first member is in question only where another
    // member may begin.
    if memchr::memmem::find(&bytes[1..], MAGIC).is_some()
        && (libdeflater::crc32(&text) != sum || memchr::memmem::find(body, trailer).is_some())
    {
        return None;
    }
    Some(text)
}

/// Returns the path of an entry within the chart; `None` for what is no file.
fn chart_name<R: Read>(entry: &tar::Entry<'_, R>) -> Result<Option<String>, ArchiveFault> {
    let kind = entry.header().entry_type();
    let path = entry.path_bytes();
    let is_directory = kind.is_dir() || kind.is_file() && path.ends_with(b"/");
    if is_directory || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
        return Ok(None);
    }
    chart_path(&path).map(Some)
}

fn modified(header: &tar::Header) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(header.mtime().ok()?).ok()?).ok()
}

fn holds_data(kind: tar::EntryType) -> bool {
    !(kind.is_symlink()
        || kind.is_hard_link()
        || kind.is_fifo()
        || kind.is_character_special()
        || kind.is_block_special())
}

/// Turns the path of an entry into one relative to the chart, or refuses it.
fn chart_path(path: &[u8]) -> Result<String, ArchiveFault> {
    let path = std::str::from_utf8(path).map_err(|_| ArchiveFault::NameEncoding)?;
    let windows = path.contains('\\');
    let (first, rest) = path.split_once(if windows { '\\' } else { '/' }).unwrap_or((path, ""));
    let rest = if windows { Cow::Owned(rest.replace('\\', "/")) } else { Cow::Borrowed(rest) };
    if rest.starts_with('/') {
        return Err(ArchiveFault::AbsolutePath);
    }
    let clean = clean_relative(&rest);
    if clean == "." {
        return Err(ArchiveFault::OutsideBase(path.to_owned()));
    }
    if clean.starts_with("..") {
        return Err(ArchiveFault::ParentDirectory);
    }
    let bytes = clean.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return Err(ArchiveFault::IllegalName);
    }
    if first == "Chart.yaml" {
        return Err(ArchiveFault::MetadataOutsideBase);
    }
    Ok(clean)
}

/// Returns the shortest equal path, as Go's `path.Clean` does for relative paths.
fn clean_relative(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Returns the data without a byte order mark at its start.
pub(super) fn without_mark(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)
}

fn fault(error: &io::Error) -> ArchiveFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ArchiveFault::Truncated,
        io::ErrorKind::FileTooLarge => ArchiveFault::TooLarge { limit: MAX_TOTAL },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            ArchiveFault::Corrupt(error.to_string())
        }
        _ => ArchiveFault::Header,
    }
}

/// Returns what the first bytes of a file look like, as far as charts are mistaken for it.
///
/// Helm looks at a buffer of 512 bytes, so short text is `application/octet-stream` to it.
pub(super) fn content_type(bytes: &[u8]) -> &'static str {
    let start = &bytes[..bytes.len().min(512)];
    let known: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "application/zip"),
        (b"Rar!\x1a\x07", "application/x-rar-compressed"),
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
    ];
    if let Some((_, name)) = known.iter().find(|(magic, _)| start.starts_with(magic)) {
        return name;
    }
    let is_text = |byte: &u8| !matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if start.len() == 512 && start.iter().all(is_text) {
        return "text/plain; charset=utf-8";
    }
    "application/octet-stream"
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// An archive of a file, and of an entry of another kind `count` times.
    fn archive(kind: tar::EntryType, size: usize, count: usize) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut add = |path: &str, kind, size: usize| {
            let mut header = tar::Header::new_gnu();
            header.set_path(path).unwrap();
            header.set_entry_type(kind);
            header.set_size(size as u64);
            header.set_cksum();
            gzip.write_all(header.as_bytes()).unwrap();
            gzip.write_all(&vec![b'a'; size.next_multiple_of(512)]).unwrap();
        };
        add("web/Chart.yaml", tar::EntryType::Regular, 1);
        for _ in 0..count {
            add("web/more", kind, size);
        }
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_no_data_counts_too() {
        use tar::EntryType;
        for (kind, size, count) in [
            (EntryType::GNULongName, 40_000, 1),
            (EntryType::GNULongLink, 40_000, 1),
            (EntryType::XHeader, 40_000, 1),
            (EntryType::XGlobalHeader, 40_000, 1),
            (EntryType::Directory, 40_000, 1),
            (EntryType::Symlink, 0, 40),
            (EntryType::Directory, 0, 40),
            (EntryType::Regular, 0, 40),
        ] {
            let bytes = archive(kind, size, count);
            let read = read_step_by_step(&bytes, 10_000).map_err(|fault| fault.to_string());
            let message = "decompressed chart is larger than the maximum size 104857600";
            assert_eq!(read.map(|files| files.len()), Err(message.to_owned()), "{kind:?}");
        }
    }
}
