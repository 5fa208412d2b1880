use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::builder::Builder;
use super::evaluate::evaluate;
use super::failure;
use super::metaschema::{Draft, published};
use super::rules::{Schema, SchemaId};
use super::sound::is_sound;
use super::tree::Json;
use super::url;
use crate::chart::{Warning, io_text};

/// Fetches the schema at an `http` or `https` URL; a failure is told in Helm's words.
pub type FetchSchema = fn(&str) -> Result<Vec<u8>, String>;

/// How many files of servers a schema may refer to, one by way of the other.
const MOST_FETCHED: usize = 64;

/// Schemas ready to run, with all they refer to.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) schemas: Vec<Schema>,
    pub(super) resources: Vec<Resource>,
    pub(super) documents: Vec<Document>,
    by_url: HashMap<String, usize>,
    by_place: HashMap<(usize, String), SchemaId>,
    dialects: HashMap<String, Dialect>,
    loading: Vec<String>,
    queue: VecDeque<SchemaId>,
    warnings: Vec<Warning>,
    fetch: Option<FetchSchema>,
    fetched: usize,
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
    pub(super) dynamic_anchors: BTreeMap<String, String>,
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
pub(super) struct Document {
    pub(super) url: String,
    json: Rc<Json>,
    pub(super) is_meta: bool,
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
        fetch: Option<FetchSchema>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Program, SchemaId), String> {
        let mut program = Program { fetch, ..Program::default() };
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

    /// Returns whether a schema takes texts and no numbers or booleans.
    pub(super) fn wants_text(&self, id: SchemaId) -> bool {
        let types = self.schemas[id].types.as_deref().unwrap_or_default();
        let has = |name: &str| types.iter().any(|known| known == name);
        has("string") && !["number", "integer", "boolean"].into_iter().any(has)
    }

    /// Returns the address of a schema's document, and its JSON pointer there.
    pub(super) fn place(&self, id: SchemaId) -> (&str, &str) {
        let schema = &self.schemas[id];
        (&self.documents[schema.document].url, &schema.pointer)
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
            "http" | "https" => {
                let Some(fetch) = self.fetch else {
                    return failed("schemas are not fetched from servers");
                };
                self.fetched += 1;
                if self.fetched > MOST_FETCHED {
                    return failed(&format!("more than {MOST_FETCHED} schemas of servers"));
                }
                match fetch(url).and_then(|text| Json::read(&text)) {
                    Ok(json) => self.add(url, json, false),
                    Err(message) => failed(&message),
                }
            }
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
    pub(super) fn schema(&mut self, document: usize, pointer: String) -> SchemaId {
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
    pub(super) fn resolve(
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

pub(super) fn quoted(text: &str) -> String {
    url::go_quote(text)
}
