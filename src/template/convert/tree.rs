//! Expressions of Go, pipelines resolved into calls.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Nil,
    Bool(bool),
    /// As it is written in Jinja.
    Number(String),
    Text(String),
    Path(Path),
    Call(Call),
    /// A method of an object.
    Method {
        base: Box<Tree>,
        name: String,
        args: Vec<Tree>,
    },
}

/// A call of a function, the last argument what came down the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) args: Vec<Tree>,
    /// Where it stands in the source, in bytes.
    pub(super) position: u32,
}

/// What a path begins at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Base {
    /// `$` of the file.
    Root,
    /// A variable of the template in Jinja.
    Variable(String),
    Value(Box<Tree>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Key(String),
    Index(Box<Tree>),
    /// What comes before may be missing.
    Optional,
}

/// A value and a way into it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) base: Base,
    pub(super) steps: Vec<Step>,
    /// Where in the chart's values the base comes from, if that is known.
    pub(super) origin: Option<Vec<String>>,
}

impl Tree {
    pub(super) fn root() -> Self {
        Tree::Path(Path { base: Base::Root, steps: Vec::new(), origin: None })
    }

    pub(super) fn variable(name: impl Into<String>, origin: Option<Vec<String>>) -> Self {
        Tree::Path(Path { base: Base::Variable(name.into()), steps: Vec::new(), origin })
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self, Tree::Path(Path { base: Base::Root, steps, .. }) if steps.is_empty())
    }

    /// Returns whether the expression names a value and computes nothing.
    pub(super) fn is_simple(&self) -> bool {
        match self {
            Tree::Path(path) => {
                !matches!(path.base, Base::Value(_))
                    && path.steps.iter().all(|step| matches!(step, Step::Key(_)))
            }
            _ => false,
        }
    }

    /// Goes further into a value.
    pub(super) fn step(self, step: Step) -> Self {
        match self {
            Tree::Path(mut path) => {
                path.steps.push(step);
                Tree::Path(path)
            }
            other => Tree::Path(Path {
                base: Base::Value(Box::new(other)),
                steps: vec![step],
                origin: None,
            }),
        }
    }

    /// Returns where in the chart's values the expression looks, if that is known.
    pub(super) fn origin(&self) -> Option<Vec<String>> {
        let Tree::Path(path) = self else { return None };
        let mut steps = path.steps.iter();
        let mut keys = match (&path.base, &path.origin) {
            (Base::Root, _) => match steps.next()? {
                Step::Key(key) if key == "Values" => Vec::new(),
                _ => return None,
            },
            (_, Some(origin)) => origin.clone(),
            _ => return None,
        };
        for step in steps {
            match step {
                Step::Key(key) => keys.push(key.clone()),
                Step::Index(_) => keys.push("*".to_owned()),
                Step::Optional => {}
            }
        }
        Some(keys)
    }

    /// Returns the call of a function of that name.
    pub(super) fn call(&self, names: &[&str]) -> Option<&Call> {
        match self {
            Tree::Call(call) if names.contains(&call.name.as_str()) => Some(call),
            _ => None,
        }
    }
}
