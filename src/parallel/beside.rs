use std::thread;

use super::map::threads;

/// Calls `work`, and `aside` on another thread meanwhile if there is one to be had and `size` bytes
/// to look at are worth it. Returns when both are done.
pub(crate) fn beside<R>(size: usize, aside: impl FnOnce() + Send, work: impl FnOnce() -> R) -> R {
    if threads(size) < 2 {
        return work();
    }
    thread::scope(|scope| {
        drop(thread::Builder::new().spawn_scoped(scope, aside));
        work()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn work_is_done_be_there_help_or_not() {
        for size in [0, 1 << 30] {
            let helped = AtomicBool::new(false);
            assert_eq!(beside(size, || helped.store(true, Ordering::Relaxed), || 7), 7);
            assert_eq!(helped.into_inner(), threads(size) > 1);
        }
    }
}
