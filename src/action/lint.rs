use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::lint::{self, Report, Request};

/// Checks charts, several at a time, and returns their reports in order.
#[must_use]
pub fn lint(paths: &[String], request: &Request) -> Vec<Report> {
    let reports: Vec<OnceLock<Report>> = paths.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((path, place)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            paths.get(index).zip(reports.get(index))
        } {
            place.get_or_init(|| lint::lint(Path::new(path), request));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    reports.into_iter().map(|report| report.into_inner().unwrap_or_default()).collect()
}
