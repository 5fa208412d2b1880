use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::cache::{sha256, write_whole};
use super::locate::fetch_index_text;
use super::{Error, Index, Log, Places, Repository};
use crate::chart::{Warning, io_text};

/// How many indexes are fetched at a time.
const AT_ONCE: usize = 8;

/// Returns the name under which the index of a repository is kept that was never added.
#[must_use]
pub fn unmanaged_name(url: &str) -> String {
    format!("helm-manager-{}", sha256(url.as_bytes()))
}

/// Fetches the indexes of repositories, several at a time, and keeps them and the names of their
/// charts in Helm's files. The results are in the order of the repositories.
///
/// # Errors
/// [`Error`] for each index that cannot be fetched, read or kept.
pub fn refresh(
    repositories: &[Repository],
    places: &Places,
    log: &mut Log,
) -> Vec<Result<(), Error>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..repositories.len().min(AT_ONCE) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(repository) = repositories.get(place) else { return };
                    let mut told = Vec::new();
                    let result = fetch_one(repository, places, &mut |warning: &Warning| {
                        told.push(warning.clone());
                    });
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((place, told, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, ..)| *place);
    let results = done.into_iter().map(|(_, told, result)| {
        told.iter().for_each(&mut *log);
        result
    });
    results.collect()
}

fn fetch_one(repository: &Repository, places: &Places, log: &mut Log) -> Result<(), Error> {
    let (text, index) = fetch_index_text(&repository.url, &repository.access, log)?;
    let file = |kind: &str| places.repository_cache.join(format!("{}-{kind}", repository.name));
    let names: String = index.names().into_iter().map(|name| name + "\n").collect();
    write_whole(&file("charts.txt"), names.as_bytes())?;
    write_whole(&file("index.yaml"), &text)
}

/// Reads the index of a repository that was fetched before.
///
/// # Errors
/// [`Error::NoCachedRepository`]
pub fn cached_index(name: &str, places: &Places) -> Result<Index, Error> {
    let path = places.repository_cache.join(format!("{name}-index.yaml"));
    let fail = |reason| Error::NoCachedRepository { name: name.to_owned(), reason };
    let text = fs::read(&path)
        .map_err(|error| fail(format!("open {}: {}", path.display(), io_text(&error))))?;
    Index::parse(&text, &path.display().to_string()).map_err(|error| fail(error.to_string()))
}
