use std::collections::BTreeMap;

use crate::value::Str;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The offset in bytes, counted from 0.
    pub offset: usize,
}

/// Where one node of a document stands.
#[derive(Clone, Debug, Default)]
pub struct Located {
    /// The start of the key, for the value of a map.
    pub key: Option<Position>,
    /// The start of the value; for an alias the alias, not what it stands for.
    pub start: Position,
    /// The end of the value; behind the last byte of a scalar, behind the last child of a map.
    pub end: Position,
    /// The nodes inside.
    pub children: Children,
}

/// The nodes inside a node.
#[derive(Clone, Debug, Default)]
pub enum Children {
    /// A scalar, or an alias.
    #[default]
    None,
    /// The values of a map by key.
    Map(BTreeMap<Str, Located>),
    /// The items of a list.
    List(Vec<Located>),
}

/// One step of a path into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into a map, by key.
    Key(&'a [u8]),
    /// Into a list, by index.
    Index(usize),
}

/// The positions of all nodes of a document: a tree of the shape of its value.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    /// The node of the whole document.
    pub root: Located,
}

impl Positions {
    /// Returns where the node at `path` stands; `None` when the text holds no such node.
    ///
    /// Nodes that came in through an alias or a merge key have no place of their own: the
    /// position of the alias is that of their nearest written ancestor.
    #[must_use]
    pub fn get(&self, path: &[Step<'_>]) -> Option<&Located> {
        let mut node = &self.root;
        for step in path {
            node = match (step, &node.children) {
                (Step::Key(key), Children::Map(map)) => map.get(*key)?,
                (Step::Index(index), Children::List(list)) => list.get(*index)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// Returns the deepest node on `path` that the text holds; the root at least.
    #[must_use]
    pub fn nearest(&self, path: &[Step<'_>]) -> &Located {
        (0..=path.len()).rev().find_map(|n| self.get(&path[..n])).unwrap_or(&self.root)
    }
}
