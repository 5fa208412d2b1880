use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Less work than this, in bytes looked at, is done before another thread has started.
const WORTHWHILE: usize = 96 * 1024;

/// More threads than this do not help: what is shared out here takes milliseconds.
const MAX_THREADS: usize = 4;

/// Returns how many threads so much work is worth, in bytes looked at.
pub(super) fn threads(size: usize) -> usize {
    if size < WORTHWHILE {
        return 1;
    }
    thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_THREADS)
}

/// Calls `work` for each item, on several threads where that pays, and returns the results in the
/// order of the items.
///
/// `size` is about how many bytes an item makes `work` look at.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    size: impl Fn(&T) -> usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let total: usize = items.iter().map(size).sum();
    let threads = if items.len() < 2 { 1 } else { threads(total).min(items.len()) };
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(i) else { return done };
            done.push((i, work(item)));
        }
    };
    let mut done = thread::scope(|scope| {
        // Where no thread can be had, this one does it all.
        let others: Vec<_> = (1..threads)
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, run).ok())
            .collect();
        let mut done = run();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for (count, size) in [(0, 1), (3, 1), (500, WORTHWHILE)] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = map(&items, |_| size, |n| n * 2);
            assert_eq!(doubled, items.iter().map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
