use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Str, Value};

/// The Go type of a list, visible to templates through `typeOf` and argument checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// `[]interface {}`
    Any,
    /// `[]string`; the only list a function changes in place (`sortAlpha`).
    Strings,
    /// `[]int`
    Ints,
    /// `[][]interface {}`
    Lists,
    /// `common.VersionSet`, the type of `.Capabilities.APIVersions`.
    Versions,
}

/// A shared Go slice. Clones are aliases.
#[derive(Clone, Debug)]
pub struct List(Arc<Node>);

#[derive(Debug)]
struct Node {
    list_type: ListType,
    nil: bool,
    items: Items,
}

impl Drop for Node {
    /// Deep data is dropped on a growing stack.
    fn drop(&mut self) {
        let items = match &mut self.items {
            Items::Fixed(items) => std::mem::take(items),
            // Texts alone.
            Items::Sortable(_) => return,
        };
        if items.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))) {
            stacker::maybe_grow(64 << 10, 1 << 20, || drop(items));
        }
    }
}

#[derive(Debug)]
enum Items {
    Fixed(Vec<Value>),
    /// `[]string` can be sorted in place, seen by every alias.
    Sortable(RwLock<Arc<Vec<Value>>>),
}

/// The items of a [`List`], borrowed without holding a lock.
pub enum ItemsRef<'a> {
    /// Items of a list that cannot change.
    Borrowed(&'a [Value]),
    /// A snapshot of a list that can be sorted in place.
    Shared(Arc<Vec<Value>>),
}

impl Deref for ItemsRef<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match self {
            ItemsRef::Borrowed(items) => items,
            ItemsRef::Shared(items) => items,
        }
    }
}

impl List {
    /// Makes a `[]interface {}`.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        List::typed(ListType::Any, items)
    }

    /// Makes a list of the given Go type.
    #[must_use]
    pub fn typed(list_type: ListType, items: Vec<Value>) -> Self {
        let items = match list_type {
            ListType::Strings => Items::Sortable(RwLock::new(Arc::new(items))),
            _ => Items::Fixed(items),
        };
        List(Arc::new(Node { list_type, nil: false, items }))
    }

    /// Makes a `[]string`.
    #[must_use]
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        List::typed(ListType::Strings, items.into_iter().map(|s| Value::Str(s.into())).collect())
    }

    /// Makes a nil slice: empty, prints `[]`, but is `null` in JSON.
    #[must_use]
    pub fn nil(list_type: ListType) -> Self {
        List(Arc::new(Node { list_type, nil: true, items: Items::Fixed(Vec::new()) }))
    }

    /// Returns an address that is the same for all aliases of this list and no other living one.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }

    /// Returns the Go type.
    #[must_use]
    pub fn list_type(&self) -> ListType {
        self.0.list_type
    }

    /// Returns whether this is a nil slice.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns the items.
    #[must_use]
    pub fn items(&self) -> ItemsRef<'_> {
        match &self.0.items {
            Items::Fixed(items) => ItemsRef::Borrowed(items),
            Items::Sortable(cell) => {
                ItemsRef::Shared(Arc::clone(&cell.read().unwrap_or_else(PoisonError::into_inner)))
            }
        }
    }

    /// Returns the number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Returns whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a clone of item `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items().get(index).cloned()
    }

    /// Returns whether both are the same slice in memory.
    #[must_use]
    pub fn ptr_eq(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Replaces the items of a `[]string`, seen by every alias; other lists are left alone.
    ///
    /// Returns whether the list could be changed.
    pub fn replace_strings(&self, items: Vec<Value>) -> bool {
        match &self.0.items {
            Items::Fixed(_) => false,
            Items::Sortable(cell) => {
                *cell.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(items);
                true
            }
        }
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        List::new(items)
    }
}
