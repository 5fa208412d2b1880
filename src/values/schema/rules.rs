use std::collections::BTreeMap;

use bigdecimal::BigDecimal;

use super::metaschema::Draft;
use super::tree::Json;
use crate::go::Pattern;

/// The place of a [`Schema`] in a [`super::compile::Program`].
pub(super) type SchemaId = usize;

/// A limit, exact and as written.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) exact: BigDecimal,
    pub(super) text: String,
}

/// What `dependencies` asks for when a property is there.
#[derive(Debug)]
pub(super) enum Dependency {
    Names(Vec<String>),
    Schema(SchemaId),
}

/// What `items` asks for.
#[derive(Debug)]
pub(super) enum Items {
    All(SchemaId),
    Each(Vec<SchemaId>),
}

/// What a schema says about objects.
#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, SchemaId>,
    pub(super) patterns: Vec<(Pattern, SchemaId)>,
    pub(super) additional: Option<Additional>,
    pub(super) names: Option<SchemaId>,
    pub(super) dependencies: Vec<(String, Dependency)>,
    pub(super) dependent_schemas: Vec<(String, SchemaId)>,
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    pub(super) unevaluated: Option<SchemaId>,
}

/// What `additionalProperties` or `additionalItems` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Additional {
    Allowed(bool),
    Schema(SchemaId),
}

/// What a schema says about arrays.
#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) unique: bool,
    pub(super) items: Option<Items>,
    pub(super) additional: Option<Additional>,
    pub(super) contains: Option<SchemaId>,
    pub(super) min_contains: Option<i64>,
    pub(super) max_contains: Option<i64>,
    pub(super) unevaluated: Option<SchemaId>,
}

/// What a schema says about strings.
#[derive(Debug, Default)]
pub(super) struct TextRules {
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) pattern: Option<(String, Pattern)>,
}

/// What a schema says about numbers.
#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) min: Option<Bound>,
    pub(super) max: Option<Bound>,
    pub(super) above: Option<Bound>,
    pub(super) below: Option<Bound>,
    pub(super) multiple_of: Option<Bound>,
}

/// One compiled schema.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) document: usize,
    /// The JSON pointer in its document.
    pub(super) pointer: String,
    pub(super) draft: Draft,
    pub(super) resource: usize,
    pub(super) boolean: Option<bool>,
    pub(super) types: Option<Vec<String>>,
    pub(super) constant: Option<Json>,
    pub(super) allowed: Option<Vec<Json>>,
    pub(super) format: Option<String>,
    pub(super) reference: Option<SchemaId>,
    pub(super) recursive_reference: Option<SchemaId>,
    /// The target and, where it is a dynamic anchor, its name.
    pub(super) dynamic_reference: Option<(SchemaId, Option<String>)>,
    pub(super) object: ObjectRules,
    pub(super) array: ArrayRules,
    pub(super) string: TextRules,
    pub(super) number: NumberRules,
    pub(super) not: Option<SchemaId>,
    pub(super) all_of: Vec<SchemaId>,
    pub(super) any_of: Vec<SchemaId>,
    pub(super) one_of: Vec<SchemaId>,
    pub(super) condition: Option<SchemaId>,
    pub(super) then: Option<SchemaId>,
    pub(super) otherwise: Option<SchemaId>,
}

impl Schema {
    pub(super) fn new(document: usize, pointer: String, resource: usize, draft: Draft) -> Self {
        Schema {
            document,
            pointer,
            draft,
            resource,
            boolean: None,
            types: None,
            constant: None,
            allowed: None,
            format: None,
            reference: None,
            recursive_reference: None,
            dynamic_reference: None,
            object: ObjectRules::default(),
            array: ArrayRules::default(),
            string: TextRules::default(),
            number: NumberRules::default(),
            not: None,
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            condition: None,
            then: None,
            otherwise: None,
        }
    }
}
