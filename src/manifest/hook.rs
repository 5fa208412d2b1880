use std::fmt;
use std::sync::Arc;

use super::{Document, Head};
use crate::value::Str;

/// The annotation that makes a document a hook.
pub(crate) const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// Makes an enum of words that Helm writes into records and annotations. Words that a later Helm
/// may add survive a round trip.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word that rhumb does not know.
            Other(String),
        }

        impl $name {
            /// Returns the word in annotations and records.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)*
                    $name::Other(word) => word,
                }
            }

            /// Reads the word of a record.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => $name::$variant,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// A moment in the life of a release at which hooks run.
    Event {
        /// Before the objects of the first revision are made.
        PreInstall = "pre-install",
        /// After the objects of the first revision are made.
        PostInstall = "post-install",
        /// Before the objects of a release are removed.
        PreDelete = "pre-delete",
        /// After the objects of a release are removed.
        PostDelete = "post-delete",
        /// Before the objects of a further revision are applied.
        PreUpgrade = "pre-upgrade",
        /// After the objects of a further revision are applied.
        PostUpgrade = "post-upgrade",
        /// Before the objects of an old revision are applied again.
        PreRollback = "pre-rollback",
        /// After the objects of an old revision are applied again.
        PostRollback = "post-rollback",
        /// On request.
        Test = "test",
    }
}

words! {
    /// When the object of a hook is deleted.
    DeletePolicy {
        /// Before the hook runs again. The default.
        BeforeHookCreation = "before-hook-creation",
        /// After success.
        HookSucceeded = "hook-succeeded",
        /// After failure.
        HookFailed = "hook-failed",
    }
}

words! {
    /// When the logs of a hook are shown.
    OutputLogPolicy {
        /// After success.
        HookSucceeded = "hook-succeeded",
        /// After failure.
        HookFailed = "hook-failed",
    }
}

/// A document that runs at some events instead of being part of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The name of the object.
    pub name: String,
    /// The kind of the object.
    pub kind: String,
    /// The template the document came from.
    pub path: Arc<str>,
    /// The text of the document, as in [`Document::text`].
    pub text: Str,
    /// The moments at which the hook runs.
    pub events: Vec<Event>,
    /// Hooks of one event run by ascending weight.
    pub weight: i64,
    /// When the object is deleted. Empty means [`DeletePolicy::BeforeHookCreation`].
    pub delete_policies: Vec<DeletePolicy>,
    /// When the logs are shown. Empty means never.
    pub output_log_policies: Vec<OutputLogPolicy>,
}

impl Hook {
    /// Returns whether the hook runs at `event`.
    #[must_use]
    pub fn runs_at(&self, event: &Event) -> bool {
        self.events.contains(event)
    }

    /// Returns whether the object is deleted under `policy`, counting the default.
    #[must_use]
    pub fn has_delete_policy(&self, policy: &DeletePolicy) -> bool {
        if self.delete_policies.is_empty() {
            return *policy == DeletePolicy::BeforeHookCreation;
        }
        self.delete_policies.contains(policy)
    }

    /// Returns whether this is a test: a hook that runs on request only or among others.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.runs_at(&Event::Test)
    }
}

/// What the annotations of a document say about hooks.
pub(super) enum Reading {
    /// The document is part of the release.
    NoHook(Document),
    /// The document is a hook.
    Hook(Box<Hook>),
    /// The document names an event that does not exist; the text of the annotation.
    Unknown(String),
}

pub(super) fn read(document: Document) -> Reading {
    let Some(types) = document.head.annotation(HOOK) else {
        return Reading::NoHook(document);
    };
    let mut events = Vec::new();
    for word in words_of(types) {
        match Event::from_word(&word) {
            Event::Other(word) if word == "test-success" => events.push(Event::Test),
            Event::Other(_) => return Reading::Unknown(types.to_owned()),
            event => events.push(event),
        }
    }
    let head = &document.head;
    Reading::Hook(Box::new(Hook {
        weight: head.annotation(WEIGHT).and_then(|text| text.parse().ok()).unwrap_or(0),
        delete_policies: policies(head, DELETE_POLICY, DeletePolicy::from_word),
        output_log_policies: policies(head, OUTPUT_LOG_POLICY, OutputLogPolicy::from_word),
        name: head.name.clone(),
        kind: head.kind.clone(),
        path: document.path,
        text: document.text,
        events,
    }))
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(|word| word.trim().to_lowercase())
}

fn policies<T>(head: &Head, annotation: &str, read: fn(&str) -> T) -> Vec<T> {
    head.annotation(annotation)
        .map(|text| words_of(text).map(|word| read(&word)).collect())
        .unwrap_or_default()
}
