use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use bigdecimal::BigDecimal;

use super::evaluate::evaluate;
use super::failure;
use super::format;
use super::metaschema::{Draft, published};
use super::sound::is_sound;
use super::tree::{Json, exact};
use super::url;
use crate::chart::{Warning, io_text};
use crate::go::Pattern;

/// The place of a [`Schema`] in a [`Program`].
pub(super) type SchemaId = usize;

/// Schemas ready to run, with all they refer to.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) schemas: Vec<Schema>,
    pub(super) resources: Vec<Resource>,
    documents: Vec<Document>,
    by_url: HashMap<String, usize>,
    by_place: HashMap<(usize, String), SchemaId>,
    dialects: HashMap<String, Dialect>,
    loading: Vec<String>,
    queue: VecDeque<SchemaId>,
    warnings: Vec<Warning>,
}

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
    document: usize,
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

/// A schema with an address of its own, and what can be reached in it by name.
#[derive(Debug)]
pub(super) struct Resource {
    /// The schema itself, once it is compiled.
    pub(super) root: Option<SchemaId>,
    pub(super) is_recursive: bool,
    /// The schemas with a `$dynamicAnchor`, once they are compiled.
    pub(super) dynamic: BTreeMap<String, SchemaId>,
    url: String,
    pointer: String,
    dialect: Dialect,
    anchors: BTreeMap<String, String>,
    dynamic_anchors: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug)]
struct Dialect {
    draft: Draft,
    /// The metaschema; `None` when nothing is to be checked.
    meta: Option<Meta>,
}

/// A metaschema.
#[derive(Clone, Copy, Debug)]
enum Meta {
    /// That of the draft, which is compiled when a schema is not seen to be sound without.
    Published(Draft),
    Custom(SchemaId),
}

#[derive(Debug)]
struct Document {
    url: String,
    json: Rc<Json>,
    is_meta: bool,
    /// The pointers of its resources, the document's own first.
    resources: BTreeMap<String, usize>,
    /// The pointers of resources by address.
    ids: BTreeMap<String, String>,
    known: HashSet<String>,
}

const LISTS: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const MAPS: &[&str] = &[
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
const SINGLES: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

impl Program {
    /// Compiles the schema at `url`.
    ///
    /// # Errors
    /// The messages of the schema library in Helm.
    pub(super) fn compile(
        url: &str,
        schema: Json,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Program, SchemaId), String> {
        let mut program = Program::default();
        let compiled = program.compile_document(url, schema);
        warnings.append(&mut program.warnings);
        compiled.map(|top| (program, top))
    }

    fn compile_document(&mut self, url: &str, schema: Json) -> Result<SchemaId, String> {
        let document = self.add(url, schema, false)?;
        let top = self.schema(document, String::new());
        self.drain()?;
        Ok(top)
    }

    /// Returns where a schema stands.
    pub(super) fn location(&self, id: SchemaId) -> String {
        let schema = &self.schemas[id];
        format!("{}#{}", self.documents[schema.document].url, schema.pointer)
    }

    fn load(&mut self, url: &str) -> Result<usize, String> {
        if let Some(document) = self.by_url.get(url) {
            return Ok(*document);
        }
        let failed = |message: &str| Err(format!("failing loading {}: {message}", quoted(url)));
        if let Some(text) = published(url) {
            let json = Json::read(text.as_bytes())?;
            return self.add(url, json, true);
        }
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "file" => {
                let path = url::parse(url).map(|url| url::unescape(url.path))?;
                let text = match std::fs::read(&path) {
                    Ok(text) => text,
                    Err(error) => return failed(&format!("open {path}: {}", io_text(&error))),
                };
                match Json::read(&text) {
                    Ok(json) => self.add(url, json, false),
                    Err(message) => failed(&message),
                }
            }
            "urn" => {
                self.warnings.push(Warning::warn(
                    "unresolved URN reference ignored; using permissive schema",
                    vec![("urn", url.to_owned())],
                ));
                self.add(url, Json::Bool(true), true)
            }
            "http" | "https" => failed("schemas are not fetched from servers"),
            _ => failed(&format!("no URLLoader registered for {}", quoted(url))),
        }
    }

    fn add(&mut self, url: &str, json: Json, is_meta: bool) -> Result<usize, String> {
        let json = Rc::new(json);
        if self.loading.iter().any(|loading| loading == url) {
            return Err(format!("cycle in resolving $schema in {}", quoted(url)));
        }
        self.loading.push(url.to_owned());
        let default = Dialect { draft: Draft::LATEST, meta: None };
        let dialect = if is_meta {
            let named = json.object().and_then(|o| o.get("$schema")).and_then(Json::text);
            let named = named.and_then(|url| Draft::from_url(without_fragment(url)));
            Dialect { draft: named.unwrap_or(Draft::LATEST), meta: None }
        } else {
            match self.named_dialect(&json, url)? {
                Some(dialect) => dialect,
                None => Dialect { meta: Some(Meta::Published(Draft::LATEST)), ..default },
            }
        };
        let document = self.documents.len();
        self.documents.push(Document {
            url: url.to_owned(),
            json: Rc::clone(&json),
            is_meta,
            resources: BTreeMap::new(),
            ids: BTreeMap::new(),
            known: HashSet::new(),
        });
        self.collect(document, &json, "", url, None, dialect)?;
        self.by_url.insert(url.to_owned(), document);
        self.loading.pop();
        if !is_meta {
            self.check(document, "")?;
        }
        Ok(document)
    }

    /// Returns the dialect that a schema's `$schema` names, if it does.
    fn named_dialect(&mut self, json: &Json, place: &str) -> Result<Option<Dialect>, String> {
        let Some(url) = json.object().and_then(|o| o.get("$schema")).and_then(Json::text) else {
            return Ok(None);
        };
        self.dialect(without_fragment(url), place).map(Some)
    }

    fn dialect(&mut self, url: &str, place: &str) -> Result<Dialect, String> {
        url::parse(url).map_err(|error| {
            format!("invalid $schema in {}: {error}", quoted(&format!("{place}#")))
        })?;
        if let Some(draft) = Draft::from_url(url) {
            return Ok(Dialect { draft, meta: Some(Meta::Published(draft)) });
        }
        if let Some(dialect) = self.dialects.get(url) {
            return Ok(*dialect);
        }
        let document = self.load(url)?;
        let draft = match self.documents[document].resources.get("") {
            Some(resource) => self.resources[*resource].dialect.draft,
            None => Draft::LATEST,
        };
        let meta = self.schema(document, String::new());
        self.drain()?;
        let dialect = Dialect { draft, meta: Some(Meta::Custom(meta)) };
        self.dialects.insert(url.to_owned(), dialect);
        Ok(dialect)
    }

    /// Returns the compiled metaschema.
    fn metaschema(&mut self, meta: Meta) -> Result<SchemaId, String> {
        let draft = match meta {
            Meta::Custom(id) => return Ok(id),
            Meta::Published(draft) => draft,
        };
        let document = self.load(draft.url())?;
        // What waits is compiled in its turn, so that the first error stays the first.
        let waiting = std::mem::take(&mut self.queue);
        let id = self.schema(document, String::new());
        let drained = self.drain();
        self.queue = waiting;
        drained.map(|()| id)
    }

    /// Checks the schema at `pointer` against its metaschema.
    fn check(&mut self, document: usize, pointer: &str) -> Result<(), String> {
        let place = &self.documents[document];
        let dialect = self.resources[self.resource_at(document, pointer)].dialect;
        let json = Rc::clone(&place.json);
        let (Some(meta), Some(json)) = (dialect.meta, json.at(pointer)) else {
            return Ok(());
        };
        let mut inner: BTreeMap<String, Meta> = place
            .resources
            .iter()
            .filter_map(|(at, resource)| {
                let inside = at.strip_prefix(pointer).filter(|inside| !inside.is_empty())?;
                Some((inside.to_owned(), self.resources[*resource].dialect.meta?))
            })
            .collect();
        if let Meta::Published(draft) = meta
            && inner.is_empty()
            && is_sound(json, draft)
        {
            return Ok(());
        }
        let meta = self.metaschema(meta)?;
        let mut others = BTreeMap::new();
        while let Some((pointer, meta)) = inner.pop_first() {
            others.insert(pointer, self.metaschema(meta)?);
        }
        evaluate(self, meta, json, Some(&others)).map_err(|failed| {
            format!(
                "{} is not valid against metaschema: jsonschema validation failed with '{}'\n{}",
                quoted(&format!("{}#{pointer}", self.documents[document].url)),
                self.location(meta),
                failure::print(&failed)
            )
        })
    }

    /// Finds the schemas within a schema, their addresses and anchors.
    fn collect(
        &mut self,
        document: usize,
        json: &Json,
        pointer: &str,
        base: &str,
        outer: Option<usize>,
        dialect: Dialect,
    ) -> Result<(), String> {
        let mut dialect = dialect;
        let mut base = base.to_owned();
        let fields = json.object();
        let id = fields
            .filter(|fields| dialect.draft >= Draft::Draft2019 || !fields.contains_key("$ref"))
            .and_then(|fields| fields.get(dialect.draft.id_keyword()))
            .and_then(Json::text);
        let mut resource = outer;
        let address = id.map(without_fragment).filter(|address| !address.is_empty());
        if let Some(address) = address {
            base = url::join(&base, address).map_err(|_| {
                let place = format!("{}#{pointer}", self.documents[document].url);
                format!("error in parsing id at {}", quoted(&place))
            })?;
            resource = None;
            if outer.is_some()
                && !self.documents[document].is_meta
                && let Some(named) = self.named_dialect(json, &base)?
            {
                dialect = named;
            }
        }
        let resource = if let Some(resource) = resource {
            resource
        } else {
            let index = self.resources.len();
            self.resources.push(Resource {
                root: None,
                is_recursive: fields
                    .and_then(|fields| fields.get("$recursiveAnchor"))
                    .is_some_and(|value| matches!(value, Json::Bool(true))),
                dynamic: BTreeMap::new(),
                url: base.clone(),
                pointer: pointer.to_owned(),
                dialect,
                anchors: BTreeMap::new(),
                dynamic_anchors: BTreeMap::new(),
            });
            let place = &mut self.documents[document];
            if let Some(other) = place.ids.insert(base.clone(), pointer.to_owned()) {
                return Err(format!(
                    "duplicate id {} in {} at {} and {}",
                    quoted(&base),
                    quoted(&place.url),
                    quoted(&other),
                    quoted(pointer)
                ));
            }
            place.resources.insert(pointer.to_owned(), index);
            index
        };
        self.documents[document].known.insert(pointer.to_owned());
        let Some(fields) = fields else { return Ok(()) };
        self.collect_anchors(document, fields, id, pointer, resource)?;
        for (key, value) in fields {
            let here = format!("{pointer}/{}", escape(key));
            let key = key.as_str();
            match value {
                Json::Object(inner) if MAPS.contains(&key) => {
                    for (name, value) in inner {
                        if matches!(value, Json::Object(_) | Json::Bool(_)) {
                            let at = format!("{here}/{}", escape(name));
                            self.collect_inner(document, value, &at, &base, resource, dialect)?;
                        }
                    }
                }
                Json::List(items) if LISTS.contains(&key) => {
                    for (i, value) in items.iter().enumerate() {
                        let at = format!("{here}/{i}");
                        self.collect_inner(document, value, &at, &base, resource, dialect)?;
                    }
                }
                Json::Object(_) | Json::Bool(_) if SINGLES.contains(&key) => {
                    self.collect_inner(document, value, &here, &base, resource, dialect)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn collect_inner(
        &mut self,
        document: usize,
        json: &Json,
        pointer: &str,
        base: &str,
        resource: usize,
        dialect: Dialect,
    ) -> Result<(), String> {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            self.collect(document, json, pointer, base, Some(resource), dialect)
        })
    }

    fn collect_anchors(
        &mut self,
        document: usize,
        fields: &BTreeMap<String, Json>,
        id: Option<&str>,
        pointer: &str,
        resource: usize,
    ) -> Result<(), String> {
        let draft = self.resources[resource].dialect.draft;
        let keyword = |name: &str| fields.get(name).and_then(Json::text);
        let mut found = Vec::new();
        if draft < Draft::Draft2019 {
            found.extend(id.and_then(|id| id.split_once('#')).map(|(_, anchor)| anchor));
            found.retain(|anchor| !anchor.is_empty());
        } else {
            found.extend(keyword("$anchor"));
        }
        if draft >= Draft::Draft2020
            && let Some(anchor) = keyword("$dynamicAnchor")
        {
            found.push(anchor);
            let anchors = &mut self.resources[resource].dynamic_anchors;
            anchors.insert(anchor.to_owned(), pointer.to_owned());
        }
        for anchor in found {
            let anchors = &mut self.resources[resource].anchors;
            if let Some(other) = anchors.insert(anchor.to_owned(), pointer.to_owned())
                && other != pointer
            {
                let url = &self.documents[document].url;
                return Err(format!(
                    "duplicate anchor {} in {} at {} and {}",
                    quoted(anchor),
                    quoted(url),
                    quoted(&other),
                    quoted(pointer)
                ));
            }
        }
        Ok(())
    }

    fn resource_at(&self, document: usize, pointer: &str) -> usize {
        let resources = &self.documents[document].resources;
        let mut at = pointer;
        loop {
            if let Some(resource) = resources.get(at) {
                return *resource;
            }
            at = at.rfind('/').map_or("", |i| &at[..i]);
            if at.is_empty() {
                return resources.get("").copied().unwrap_or_default();
            }
        }
    }

    /// Returns the schema at a place, to be compiled by the next [`Program::drain`] if it is new.
    fn schema(&mut self, document: usize, pointer: String) -> SchemaId {
        if let Some(id) = self.by_place.get(&(document, pointer.clone())) {
            return *id;
        }
        let id = self.schemas.len();
        let resource = self.resource_at(document, &pointer);
        self.by_place.insert((document, pointer.clone()), id);
        let draft = self.resources[resource].dialect.draft;
        self.schemas.push(Schema::new(document, pointer, resource, draft));
        self.queue.push_back(id);
        id
    }

    fn drain(&mut self) -> Result<(), String> {
        while let Some(id) = self.queue.pop_front() {
            let Schema { document, resource, .. } = self.schemas[id];
            if self.resources[resource].root.is_none() {
                let pointer = self.resources[resource].pointer.clone();
                let root = self.schema(document, pointer);
                self.resources[resource].root = Some(root);
                for (anchor, pointer) in self.resources[resource].dynamic_anchors.clone() {
                    let target = self.schema(document, pointer);
                    self.resources[resource].dynamic.insert(anchor, target);
                }
            }
            let json = Rc::clone(&self.documents[document].json);
            let pointer = self.schemas[id].pointer.clone();
            match json.at(&pointer) {
                Some(Json::Bool(allowed)) => self.schemas[id].boolean = Some(*allowed),
                Some(Json::Object(fields)) => {
                    let mut schema =
                        Schema::new(document, pointer, resource, self.schemas[id].draft);
                    Builder { program: self, fields, schema: &mut schema }.build()?;
                    self.schemas[id] = schema;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the schema that `reference` means within `resource`.
    fn resolve(
        &mut self,
        document: usize,
        resource: usize,
        reference: &str,
    ) -> Result<SchemaId, String> {
        let full = url::join(&self.resources[resource].url, reference)?;
        let (address, fragment) = full.split_once('#').unwrap_or((&full, ""));
        let local = self.documents[document].ids.get(address).cloned();
        let (document, root) = match local {
            Some(pointer) => (document, pointer),
            None => (self.load(address)?, String::new()),
        };
        let fragment = url::unescape(fragment);
        let place = &self.documents[document];
        let pointer = if fragment.is_empty() {
            root
        } else if fragment.starts_with('/') {
            format!("{root}{fragment}")
        } else {
            let target = &self.resources[self.resource_at(document, &root)];
            match target.anchors.get(&fragment) {
                Some(pointer) => pointer.clone(),
                None => {
                    return Err(format!(
                        "anchor in {} not found in schema {}",
                        quoted(&format!("{address}#{fragment}")),
                        quoted(address)
                    ));
                }
            }
        };
        let json = Rc::clone(&place.json);
        let Some(target) = json.at(&pointer) else {
            let place = format!("{}#{pointer}", place.url);
            return Err(format!("json-pointer in {} not found", quoted(&place)));
        };
        if !place.known.contains(&pointer) {
            let resource = self.resource_at(document, &pointer);
            let Resource { url, dialect, .. } = &self.resources[resource];
            let (url, dialect) = (url.clone(), *dialect);
            self.collect(document, target, &pointer, &url, Some(resource), dialect)?;
            self.check(document, &pointer)?;
        }
        Ok(self.schema(document, pointer))
    }
}

impl Schema {
    fn new(document: usize, pointer: String, resource: usize, draft: Draft) -> Self {
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

/// Reads the keywords of one schema. The metaschema has vouched for their types.
struct Builder<'a> {
    program: &'a mut Program,
    fields: &'a BTreeMap<String, Json>,
    schema: &'a mut Schema,
}

impl Builder<'_> {
    fn build(mut self) -> Result<(), String> {
        let draft = self.schema.draft;
        self.schema.reference = self.reference("$ref")?;
        if draft < Draft::Draft2019 && self.schema.reference.is_some() {
            return Ok(());
        }
        self.schema.types = match self.fields.get("type") {
            Some(Json::Text(name)) => Some(vec![name.clone()]),
            Some(Json::List(_)) => Some(self.names("type")),
            _ => None,
        };
        self.schema.allowed = self.fields.get("enum").and_then(Json::list).map(<[Json]>::to_vec);
        self.schema.not = self.single("not");
        self.schema.all_of = self.list("allOf");
        self.schema.any_of = self.list("anyOf");
        self.schema.one_of = self.list("oneOf");
        let is_meta = self.program.documents[self.schema.document].is_meta;
        if draft < Draft::Draft2019 || is_meta {
            let name = self.fields.get("format").and_then(Json::text);
            self.schema.format =
                name.filter(|name| format::find(name).is_some()).map(str::to_owned);
        }
        self.objects()?;
        self.arrays();
        self.schema.string = TextRules {
            min: self.count("minLength"),
            max: self.count("maxLength"),
            pattern: match self.fields.get("pattern").and_then(Json::text) {
                Some(text) => Some((text.to_owned(), self.pattern(text)?)),
                None => None,
            },
        };
        self.numbers();
        if draft >= Draft::Draft6 {
            self.schema.constant = self.fields.get("const").cloned();
        }
        if draft >= Draft::Draft7 {
            self.schema.condition = self.single("if");
            if self.schema.condition.is_some() {
                self.schema.then = self.single("then");
                self.schema.otherwise = self.single("else");
            }
        }
        if draft == Draft::Draft2019 {
            self.schema.recursive_reference = self.reference("$recursiveRef")?;
        }
        if draft >= Draft::Draft2020
            && let Some(target) = self.reference("$dynamicRef")?
        {
            let fragment = self.fields.get("$dynamicRef").and_then(Json::text).unwrap_or_default();
            let anchor = fragment.split_once('#').map_or("", |(_, anchor)| anchor);
            let anchors = &self.program.resources[self.program.schemas[target].resource];
            let is_dynamic =
                anchors.dynamic_anchors.get(anchor) == Some(&self.program.schemas[target].pointer);
            let anchor = is_dynamic.then(|| anchor.to_owned());
            self.schema.dynamic_reference = Some((target, anchor));
        }
        Ok(())
    }

    fn objects(&mut self) -> Result<(), String> {
        let draft = self.schema.draft;
        let mut rules = ObjectRules {
            min: self.count("minProperties"),
            max: self.count("maxProperties"),
            required: self.names("required"),
            additional: self.additional("additionalProperties"),
            properties: self.map("properties").into_iter().collect(),
            ..ObjectRules::default()
        };
        for (source, schema) in self.map("patternProperties") {
            rules.patterns.push((self.pattern(&source)?, schema));
        }
        for (name, value) in entries(self.fields, "dependencies") {
            let dependency = if let Json::List(names) = value {
                Dependency::Names(texts(names))
            } else {
                Dependency::Schema(self.sub(&["dependencies", name]))
            };
            rules.dependencies.push((name.clone(), dependency));
        }
        if draft >= Draft::Draft6 {
            rules.names = self.single("propertyNames");
        }
        if draft >= Draft::Draft2019 {
            rules.dependent_schemas = self.map("dependentSchemas");
            for (name, value) in entries(self.fields, "dependentRequired") {
                let names = texts(value.list().unwrap_or_default());
                rules.dependent_required.push((name.clone(), names));
            }
            rules.unevaluated = self.single("unevaluatedProperties");
        }
        self.schema.object = rules;
        Ok(())
    }

    fn arrays(&mut self) {
        let draft = self.schema.draft;
        let mut rules = ArrayRules {
            min: self.count("minItems"),
            max: self.count("maxItems"),
            unique: matches!(self.fields.get("uniqueItems"), Some(Json::Bool(true))),
            ..ArrayRules::default()
        };
        if draft >= Draft::Draft2020 {
            let first = self.list("prefixItems");
            rules.additional = self.single("items").map(Additional::Schema);
            rules.items = Some(Items::Each(first));
        } else {
            rules.items = match self.fields.get("items") {
                Some(Json::List(_)) => Some(Items::Each(self.list("items"))),
                _ => self.single("items").map(Items::All),
            };
            rules.additional = self.additional("additionalItems");
        }
        if draft >= Draft::Draft6 {
            rules.contains = self.single("contains");
        }
        if draft >= Draft::Draft2019 {
            rules.min_contains = self.count("minContains");
            rules.max_contains = self.count("maxContains");
            rules.unevaluated = self.single("unevaluatedItems");
        }
        self.schema.array = rules;
    }

    fn numbers(&mut self) {
        let mut rules = NumberRules {
            min: self.bound("minimum"),
            max: self.bound("maximum"),
            multiple_of: self.bound("multipleOf"),
            ..NumberRules::default()
        };
        if self.schema.draft == Draft::Draft4 {
            let is_set = |name: &str| matches!(self.fields.get(name), Some(Json::Bool(true)));
            if is_set("exclusiveMinimum") {
                rules.above = rules.min.take();
            }
            if is_set("exclusiveMaximum") {
                rules.below = rules.max.take();
            }
        } else {
            rules.above = self.bound("exclusiveMinimum");
            rules.below = self.bound("exclusiveMaximum");
        }
        self.schema.number = rules;
    }

    fn reference(&mut self, keyword: &str) -> Result<Option<SchemaId>, String> {
        let Some(text) = self.fields.get(keyword).and_then(Json::text) else { return Ok(None) };
        self.program.resolve(self.schema.document, self.schema.resource, text).map(Some)
    }

    fn sub(&mut self, path: &[&str]) -> SchemaId {
        let mut pointer = self.schema.pointer.clone();
        for token in path {
            pointer.push('/');
            pointer.push_str(&escape(token));
        }
        self.program.schema(self.schema.document, pointer)
    }

    fn single(&mut self, keyword: &str) -> Option<SchemaId> {
        self.fields.get(keyword)?;
        Some(self.sub(&[keyword]))
    }

    fn list(&mut self, keyword: &str) -> Vec<SchemaId> {
        let length = self.fields.get(keyword).and_then(Json::list).map_or(0, <[Json]>::len);
        (0..length).map(|i| self.sub(&[keyword, &i.to_string()])).collect()
    }

    fn map(&mut self, keyword: &str) -> Vec<(String, SchemaId)> {
        let entries = entries(self.fields, keyword).into_iter();
        entries.map(|(name, _)| (name.clone(), self.sub(&[keyword, name]))).collect()
    }

    fn additional(&mut self, keyword: &str) -> Option<Additional> {
        match self.fields.get(keyword)? {
            Json::Bool(allowed) => Some(Additional::Allowed(*allowed)),
            _ => self.single(keyword).map(Additional::Schema),
        }
    }

    fn names(&self, keyword: &str) -> Vec<String> {
        texts(self.fields.get(keyword).and_then(Json::list).unwrap_or_default())
    }

    fn count(&self, keyword: &str) -> Option<i64> {
        let Json::Number(text) = self.fields.get(keyword)? else { return None };
        let whole = exact(text).with_scale(0).to_string();
        // Helm's counts wrap round at 64 bits.
        whole.parse::<i128>().ok().map(|count| count as i64)
    }

    fn bound(&self, keyword: &str) -> Option<Bound> {
        let Json::Number(text) = self.fields.get(keyword)? else { return None };
        Some(Bound { exact: exact(text), text: text.clone() })
    }

    fn pattern(&self, source: &str) -> Result<Pattern, String> {
        Pattern::compile(source.as_bytes()).map_err(|error| {
            let place = &self.program.documents[self.schema.document].url;
            let place = format!("{place}#{}", self.schema.pointer);
            format!("invalid regex {} at {}: {error}", quoted(source), quoted(&place))
        })
    }
}

fn entries<'a>(fields: &'a BTreeMap<String, Json>, keyword: &str) -> Vec<(&'a String, &'a Json)> {
    fields.get(keyword).and_then(Json::object).into_iter().flatten().collect()
}

fn texts(items: &[Json]) -> Vec<String> {
    items.iter().filter_map(Json::text).map(str::to_owned).collect()
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// Escapes a key for a JSON pointer.
pub(super) fn escape(token: &str) -> String {
    if token.contains(['~', '/']) {
        token.replace('~', "~0").replace('/', "~1")
    } else {
        token.to_owned()
    }
}

fn quoted(text: &str) -> String {
    url::go_quote(text)
}
