use std::collections::BTreeMap;

use super::compile::{Program, escape, quoted};
use super::format;
use super::metaschema::Draft;
use super::rules::{
    Additional, ArrayRules, Bound, Dependency, Items, NumberRules, ObjectRules, Schema, SchemaId,
    TextRules,
};
use super::tree::{Json, exact};
use crate::go::Pattern;

/// Reads the keywords of one schema. The metaschema has vouched for their types.
pub(super) struct Builder<'a> {
    pub(super) program: &'a mut Program,
    pub(super) fields: &'a BTreeMap<String, Json>,
    pub(super) schema: &'a mut Schema,
}

impl Builder<'_> {
    pub(super) fn build(mut self) -> Result<(), String> {
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
