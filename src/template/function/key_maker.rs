use std::cell::RefCell;
use std::thread::{self, JoinHandle};

use aws_lc_rs::rsa::KeySize;

use super::key::Key;

type Made = Result<Key, String>;

/// Makes the RSA keys of certificates, some of them ahead.
///
/// To make one takes longer than to render most charts. Who asks for the key of an authority asks
/// for another soon, for what the authority signs, so that one is made at the same time on a thread
/// of its own. Keys stay in memory; one that nobody asked for is dropped with the maker, which
/// waits for it: the key library must not be at work when the process ends.
#[derive(Default)]
pub(super) struct KeyMaker {
    ahead: RefCell<Option<JoinHandle<Made>>>,
}

impl KeyMaker {
    /// Makes the key of an authority and begins with the next.
    pub(super) fn authority(&self) -> Made {
        let taken = self.ahead.take();
        self.ahead.replace(thread::Builder::new().spawn(make).ok());
        taken.map_or_else(make, join)
    }

    /// Returns a new key.
    pub(super) fn next(&self) -> Made {
        self.ahead.take().map_or_else(make, join)
    }
}

impl Drop for KeyMaker {
    fn drop(&mut self) {
        if let Some(thread) = self.ahead.take() {
            drop(join(thread));
        }
    }
}

fn make() -> Made {
    Key::rsa(KeySize::Rsa2048)
}

fn join(thread: JoinHandle<Made>) -> Made {
    thread.join().unwrap_or_else(|_| Err("crypto: key operation failed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_another() {
        let maker = KeyMaker::default();
        let made = [maker.next(), maker.authority(), maker.authority(), maker.next(), maker.next()];
        let mut public: Vec<Vec<u8>> =
            made.into_iter().map(|key| key.unwrap().public_key().to_vec()).collect();
        public.sort();
        public.dedup();
        assert_eq!(public.len(), 5);
        assert!(maker.ahead.take().is_none());
    }
}
