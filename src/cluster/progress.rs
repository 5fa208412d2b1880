use std::fmt;
use std::sync::Arc;

use crate::plan::ResourceId;

/// How far the objects of a wait are, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Every object that is waited for.
    pub objects: Vec<Standing>,
    /// Whether the wait is over.
    pub done: bool,
}

/// How far one object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The object.
    pub id: ResourceId,
    /// The state in kstatus' words; `Current` for an object that is ready, `NotFound` for one that is
    /// gone.
    pub state: &'static str,
    /// What is missing, with the reason that its Pods give.
    pub message: String,
}

/// Someone who watches waits.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Progress) + Send + Sync>);

impl Observer {
    /// Makes one of a function, which must not block.
    #[must_use]
    pub fn new(observe: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Observer(Arc::new(observe))
    }

    pub(super) fn tell(&self, progress: &Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
