use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::budget::Budget;
use super::compile::{Program, escape};
use super::failure::{Failure, Kind, count, number, quote, quote_all, scalar};
use super::format;
use super::metaschema::Draft;
use super::rules::{Additional, Dependency, Items, Schema, SchemaId};
use super::tree::{Json, exact, is_integer};

/// The order in which messages list types.
const TYPES: &[&str] = &["null", "boolean", "number", "integer", "string", "array", "object"];

/// Checks an instance against a schema.
///
/// `metaschemas` is for checking a schema as the instance: the metaschemas of the schemas within
/// it that have another one, by JSON pointer.
///
/// # Errors
/// The failure of the whole instance; a group when there are several, and that of the check itself
/// when it costs too much.
pub(super) fn evaluate(
    program: &Program,
    schema: SchemaId,
    instance: &Json,
    metaschemas: Option<&BTreeMap<String, SchemaId>>,
) -> Result<(), Failure> {
    evaluate_within(&Budget::default(), program, schema, instance, metaschemas)
}

fn evaluate_within(
    budget: &Budget,
    program: &Program,
    schema: SchemaId,
    instance: &Json,
    metaschemas: Option<&BTreeMap<String, SchemaId>>,
) -> Result<(), Failure> {
    let mut path = Vec::new();
    let metaschemas = metaschemas.filter(|inner| !inner.is_empty());
    let mut run = Run { program, metaschemas, path: &mut path, budget };
    let scope = Scope { parent: None, schema, keyword: "", depth: 0 };
    let result = run.schema(&scope, instance, false).map(|_| ());
    match budget.exceeded() {
        None => result,
        Some(message) => {
            let kind = Kind::Keyword(message);
            Err(Failure { at: String::new(), kind, rule: None, causes: Vec::new() })
        }
    }
}

/// A step from a value to one within.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The schemas that led to the present one.
struct Scope<'a> {
    parent: Option<&'a Scope<'a>>,
    schema: SchemaId,
    /// The keyword of the reference that led here, or nothing.
    keyword: &'static str,
    /// How deep in the instance the value lies.
    depth: usize,
}

/// What of a value no keyword has looked at so far.
#[derive(Debug, Default)]
struct Left<'v> {
    keys: BTreeSet<&'v str>,
    items: BTreeSet<usize>,
}

impl Left<'_> {
    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.items.is_empty()
    }
}

struct Run<'p, 'v, 'r> {
    program: &'p Program,
    metaschemas: Option<&'p BTreeMap<String, SchemaId>>,
    path: &'r mut Vec<Step<'v>>,
    budget: &'r Budget,
}

/// The check of one value by one schema.
struct Check<'v> {
    value: &'v Json,
    left: Left<'v>,
    failures: Vec<Failure>,
}

impl<'p, 'v> Run<'p, 'v, '_> {
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.path.iter() {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&escape(key)),
                Step::Index(i) => pointer.push_str(&i.to_string()),
            }
        }
        pointer
    }

    fn failure(&self, message: impl Into<String>) -> Failure {
        self.caused(Kind::Keyword(message.into()), Vec::new())
    }

    fn caused(&self, kind: Kind, causes: Vec<Failure>) -> Failure {
        let failure = Failure { at: self.pointer(), kind, rule: None, causes };
        self.budget.keep(&failure);
        failure
    }

    fn schema(
        &mut self,
        scope: &Scope<'_>,
        value: &'v Json,
        wanted: bool,
    ) -> Result<Left<'v>, Failure> {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            self.schema_here(scope, value, wanted).map_err(|mut failure| {
                failure.rule = failure.rule.or(Some(scope.schema));
                failure
            })
        })
    }

    fn schema_here(
        &mut self,
        scope: &Scope<'_>,
        value: &'v Json,
        wanted: bool,
    ) -> Result<Left<'v>, Failure> {
        let program = self.program;
        let schema = &program.schemas[scope.schema];
        let mut check = Check { value, left: Left::default(), failures: Vec::new() };
        let cost = 1 + schema.allowed.as_ref().map_or(0, Vec::len);
        if !self.budget.spend(cost) {
            let (at, kind) = (String::new(), Kind::Group);
            return Err(Failure { at, kind, rule: None, causes: Vec::new() });
        }
        match value {
            Json::Object(fields) if wanted || schema.object.unevaluated.is_some() => {
                check.left.keys = fields.keys().map(String::as_str).collect();
            }
            Json::List(items) if wanted || schema.array.unevaluated.is_some() => {
                check.left.items = (0..items.len()).collect();
            }
            _ => {}
        }
        match schema.boolean {
            Some(true) => return Ok(check.left),
            Some(false) => return Err(self.failure("false schema")),
            None => {}
        }
        if let Some(message) = self.cycle(scope) {
            return Err(self.failure(message));
        }
        if let Some(message) = plain(schema, value) {
            return Err(self.failure(message));
        }
        if let Some(target) = schema.reference {
            let result = self.reference(scope, &mut check, target, "$ref");
            if schema.draft < Draft::Draft2019 {
                return result.map(|()| check.left);
            }
            check.failures.extend(result.err());
        }
        match value {
            Json::Object(fields) => self.object(scope, schema, fields, &mut check),
            Json::List(items) => self.array(scope, schema, items, &mut check),
            Json::Text(text) => self.string(schema, text, &mut check),
            Json::Number(text) => self.number(schema, text, &mut check),
            Json::Null | Json::Bool(_) => {}
        }
        self.dynamic(scope, schema, &mut check);
        self.combined(scope, schema, &mut check);
        self.unevaluated(scope, schema, &mut check);
        let Check { left, mut failures, .. } = check;
        for failure in &mut failures {
            failure.rule = failure.rule.or(Some(scope.schema));
        }
        match failures.len() {
            0 => Ok(left),
            1 => Err(failures.remove(0)),
            _ => Err(self.caused(Kind::Group, failures)),
        }
    }

    /// Returns the message for a schema that leads back to itself at the same value.
    fn cycle(&self, scope: &Scope<'_>) -> Option<String> {
        let mut other = scope.parent;
        while let Some(outer) = other {
            if outer.depth != scope.depth {
                return None;
            }
            if outer.schema == scope.schema {
                return Some(format!(
                    "both {} and {} resolve to {} causing reference cycle",
                    self.keyword_path(scope),
                    self.keyword_path(outer),
                    super::url::go_quote(&self.program.location(scope.schema))
                ));
            }
            other = outer.parent;
        }
        None
    }

    /// Returns the path of keywords, through references, that led to a schema.
    fn keyword_path(&self, scope: &Scope<'_>) -> String {
        let mut path = String::new();
        let mut scope = scope;
        while let Some(parent) = scope.parent {
            let step = if scope.keyword.is_empty() {
                let pointer = &self.program.schemas[scope.schema].pointer;
                let outer = &self.program.schemas[parent.schema].pointer;
                pointer.strip_prefix(outer.as_str()).unwrap_or(pointer).to_owned()
            } else {
                format!("/{}", scope.keyword)
            };
            path.insert_str(0, &step);
            scope = parent;
        }
        path
    }

    /// Checks the same value with another schema, and takes over what that one looked at.
    fn same(
        &mut self,
        scope: &Scope<'_>,
        check: &mut Check<'v>,
        schema: SchemaId,
        keyword: &'static str,
    ) -> Result<(), Failure> {
        let inner = Scope { parent: Some(scope), schema, keyword, depth: scope.depth };
        let wanted = !check.left.is_empty();
        let left = self.schema(&inner, check.value, wanted)?;
        if wanted {
            check.left.keys.retain(|key| left.keys.contains(key));
            check.left.items.retain(|item| left.items.contains(item));
        }
        Ok(())
    }

    /// Checks a value within the present one.
    fn inner(
        &mut self,
        scope: &Scope<'_>,
        schema: SchemaId,
        value: &'v Json,
        step: Step<'v>,
    ) -> Result<(), Failure> {
        self.path.push(step);
        let other = self.metaschemas.and_then(|inner| inner.get(&self.pointer()).copied());
        let inner = Scope {
            parent: Some(scope),
            schema: other.unwrap_or(schema),
            keyword: "",
            depth: scope.depth + 1,
        };
        let result = self.schema(&inner, value, false);
        self.path.pop();
        result.map(|_| ())
    }

    fn reference(
        &mut self,
        scope: &Scope<'_>,
        check: &mut Check<'v>,
        target: SchemaId,
        keyword: &'static str,
    ) -> Result<(), Failure> {
        self.same(scope, check, target, keyword).map_err(|failure| {
            let causes = match failure.kind {
                Kind::Group => failure.causes,
                _ => vec![failure],
            };
            self.caused(Kind::Reference, causes)
        })
    }

    fn object(
        &mut self,
        scope: &Scope<'_>,
        schema: &'p Schema,
        fields: &'v BTreeMap<String, Json>,
        check: &mut Check<'v>,
    ) {
        let rules = &schema.object;
        let length = fields.len() as i64;
        self.least("minProperties", rules.min, length, check);
        self.most("maxProperties", rules.max, length, check);
        let missing = missing(fields, &rules.required);
        if !missing.is_empty() {
            let noun = if missing.len() == 1 { "property" } else { "properties" };
            let message = format!("missing {noun} {}", quote_all(missing));
            check.failures.push(self.failure(message));
        }
        for (name, dependency) in &rules.dependencies {
            if fields.contains_key(name) {
                match dependency {
                    Dependency::Names(names) => self.together(fields, name, names, check),
                    Dependency::Schema(target) => {
                        let result = self.same(scope, check, *target, "");
                        check.failures.extend(result.err());
                    }
                }
            }
        }
        let mut additional = Vec::new();
        for (name, value) in fields {
            let step = Step::Key(name);
            let mut seen = false;
            if let Some(inner) = rules.properties.get(name) {
                seen = true;
                check.failures.extend(self.inner(scope, *inner, value, step).err());
            }
            if !self.budget.spend(rules.patterns.len()) {
                return;
            }
            for (pattern, inner) in &rules.patterns {
                if pattern.regex.is_match(name) {
                    seen = true;
                    check.failures.extend(self.inner(scope, *inner, value, step).err());
                }
            }
            if !seen && let Some(rest) = rules.additional {
                seen = true;
                match rest {
                    Additional::Allowed(true) => {}
                    Additional::Allowed(false) => additional.push(name.as_str()),
                    Additional::Schema(inner) => {
                        check.failures.extend(self.inner(scope, inner, value, step).err());
                    }
                }
            }
            if seen {
                check.left.keys.remove(name.as_str());
            }
        }
        if !additional.is_empty() {
            let message = format!("additional properties {} not allowed", quote_all(additional));
            check.failures.push(self.failure(message));
        }
        if let Some(names) = rules.names {
            for name in fields.keys() {
                self.property_name(scope, names, name, check);
            }
        }
        for (name, target) in &rules.dependent_schemas {
            if fields.contains_key(name) {
                let result = self.same(scope, check, *target, "");
                check.failures.extend(result.err());
            }
        }
        for (name, names) in &rules.dependent_required {
            if fields.contains_key(name) {
                self.together(fields, name, names, check);
            }
        }
    }

    fn property_name(
        &mut self,
        scope: &Scope<'_>,
        schema: SchemaId,
        name: &str,
        check: &mut Check<'v>,
    ) {
        let text = Json::Text(name.to_owned());
        let mut path = Vec::new();
        let (program, budget) = (self.program, self.budget);
        let mut run = Run { program, metaschemas: None, path: &mut path, budget };
        let inner = Scope { parent: Some(scope), schema, keyword: "", depth: scope.depth + 1 };
        if let Err(failure) = run.schema(&inner, &text, false) {
            let causes = match failure.kind {
                Kind::Group => failure.causes,
                _ => vec![failure],
            };
            let message = format!("invalid propertyName {}", quote(name));
            self.push(check, message, causes);
        }
    }

    fn together(
        &self,
        fields: &BTreeMap<String, Json>,
        name: &str,
        names: &[String],
        check: &mut Check<'v>,
    ) {
        let missing = missing(fields, names);
        if !missing.is_empty() {
            let missing = quote_all(missing);
            let message = format!("properties {missing} required, if {} exists", quote(name));
            check.failures.push(self.failure(message));
        }
    }

    fn array(
        &mut self,
        scope: &Scope<'_>,
        schema: &'p Schema,
        items: &'v [Json],
        check: &mut Check<'v>,
    ) {
        let rules = &schema.array;
        let length = items.len() as i64;
        self.least("minItems", rules.min, length, check);
        self.most("maxItems", rules.max, length, check);
        if rules.unique
            && let Some((first, second)) = first_repeated(items)
        {
            let (first, second) = (count(first as i64), count(second as i64));
            check.failures.push(self.failure(format!("items at {first} and {second} are equal")));
        }
        let mut done = 0;
        match &rules.items {
            None => {}
            Some(Items::All(inner)) => {
                done = items.len();
                for (i, item) in items.iter().enumerate() {
                    check.failures.extend(self.inner(scope, *inner, item, Step::Index(i)).err());
                }
            }
            Some(Items::Each(each)) => {
                done = each.len().min(items.len());
                for (i, (item, inner)) in items.iter().zip(each).enumerate() {
                    check.failures.extend(self.inner(scope, *inner, item, Step::Index(i)).err());
                }
            }
        }
        match rules.additional {
            None => {}
            Some(Additional::Allowed(allowed)) => {
                if !allowed && done < items.len() {
                    let more = count((items.len() - done) as i64);
                    let message = format!("last {more} additionalItem(s) not allowed");
                    check.failures.push(self.failure(message));
                }
                done = items.len();
            }
            Some(Additional::Schema(inner)) => {
                for (i, item) in items.iter().enumerate().skip(done) {
                    check.failures.extend(self.inner(scope, inner, item, Step::Index(i)).err());
                }
                done = items.len();
            }
        }
        check.left.items.retain(|item| *item >= done);
        if let Some(inner) = rules.contains {
            self.contains(scope, schema, inner, items, check);
        }
    }

    fn contains(
        &mut self,
        scope: &Scope<'_>,
        schema: &'p Schema,
        inner: SchemaId,
        items: &'v [Json],
        check: &mut Check<'v>,
    ) {
        let mut causes = Vec::new();
        let mut matched = Vec::new();
        for (i, item) in items.iter().enumerate() {
            if let Err(failure) = self.inner(scope, inner, item, Step::Index(i)) {
                causes.push(failure);
                continue;
            }
            matched.push(i);
            if schema.draft >= Draft::Draft2020 {
                check.left.items.remove(&i);
            }
        }
        let found = matched.len() as i64;
        let shown: Vec<String> = matched.iter().map(ToString::to_string).collect();
        let shown = if shown.is_empty() {
            "none matched".to_owned()
        } else {
            format!("matched {} items at {}", count(found), shown.join(" "))
        };
        let message = match schema.array.min_contains {
            Some(least) if found < least => {
                let least = count(least);
                Some(format!("min {least} items required to match contains schema, but {shown}"))
            }
            None if found == 0 => Some("no items match contains schema".to_owned()),
            _ => None,
        };
        match message {
            Some(message) => self.push(check, message, causes),
            None => self.budget.release(&causes),
        }
        if let Some(most) = schema.array.max_contains.filter(|most| found > *most) {
            let most = count(most);
            let message =
                format!("max {most} items required to match contains schema, but {shown}");
            check.failures.push(self.failure(message));
        }
    }

    fn string(&self, schema: &Schema, text: &str, check: &mut Check<'v>) {
        let rules = &schema.string;
        if rules.min.is_some() || rules.max.is_some() {
            let length = text.chars().count() as i64;
            self.least("minLength", rules.min, length, check);
            self.most("maxLength", rules.max, length, check);
        }
        if let Some((source, pattern)) = &rules.pattern
            && !pattern.regex.is_match(text)
        {
            let message = format!("{} does not match pattern {}", quote(text), quote(source));
            check.failures.push(self.failure(message));
        }
    }

    fn number(&self, schema: &Schema, text: &str, check: &mut Check<'v>) {
        let rules = &schema.number;
        let limits = [&rules.min, &rules.max, &rules.above, &rules.below, &rules.multiple_of];
        if limits.iter().all(|limit| limit.is_none()) {
            return;
        }
        let value = exact(text);
        let names = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
        for (i, (name, limit)) in names.into_iter().zip(limits).enumerate() {
            let Some(limit) = limit else { continue };
            let holds = match i {
                0 => value >= limit.exact,
                1 => value <= limit.exact,
                2 => value > limit.exact,
                3 => value < limit.exact,
                _ => (&value % &limit.exact).normalized() == exact("0"),
            };
            if !holds {
                let (got, want) = (number(text), number(&limit.text));
                check.failures.push(self.failure(format!("{name}: got {got}, want {want}")));
            }
        }
    }

    fn least(&self, keyword: &str, least: Option<i64>, got: i64, check: &mut Check<'v>) {
        if let Some(least) = least.filter(|least| got < *least) {
            let (got, want) = (count(got), count(least));
            check.failures.push(self.failure(format!("{keyword}: got {got}, want {want}")));
        }
    }

    fn most(&self, keyword: &str, most: Option<i64>, got: i64, check: &mut Check<'v>) {
        if let Some(most) = most.filter(|most| got > *most) {
            let (got, want) = (count(got), count(most));
            check.failures.push(self.failure(format!("{keyword}: got {got}, want {want}")));
        }
    }

    fn dynamic(&mut self, scope: &Scope<'_>, schema: &'p Schema, check: &mut Check<'v>) {
        let program = self.program;
        let resource =
            |scope: &Scope<'_>| &program.resources[program.schemas[scope.schema].resource];
        if let Some(fallback) = schema.recursive_reference {
            let mut target = fallback;
            if program.resources[program.schemas[fallback].resource].is_recursive {
                let mut outer = Some(scope);
                while let Some(scope) = outer.filter(|_| self.budget.spend(1)) {
                    if resource(scope).is_recursive {
                        target = resource(scope).root.unwrap_or(target);
                    }
                    outer = scope.parent;
                }
            }
            let result = self.reference(scope, check, target, "$recursiveRef");
            check.failures.extend(result.err());
        }
        if let Some((fallback, anchor)) = &schema.dynamic_reference {
            let mut target = *fallback;
            if let Some(anchor) = anchor {
                let mut outer = Some(scope);
                while let Some(scope) = outer.filter(|_| self.budget.spend(1)) {
                    target = resource(scope).dynamic.get(anchor).copied().unwrap_or(target);
                    outer = scope.parent;
                }
            }
            let result = self.reference(scope, check, target, "$dynamicRef");
            check.failures.extend(result.err());
        }
    }

    fn combined(&mut self, scope: &Scope<'_>, schema: &'p Schema, check: &mut Check<'v>) {
        if let Some(not) = schema.not {
            match self.same(scope, check, not, "") {
                Ok(()) => check.failures.push(self.failure("'not' failed")),
                Err(failure) => self.budget.release(&[failure]),
            }
        }
        let mut causes = Vec::new();
        for inner in &schema.all_of {
            causes.extend(self.same(scope, check, *inner, "").err());
        }
        if !causes.is_empty() {
            self.push(check, "'allOf' failed".to_owned(), causes);
        }
        if !schema.any_of.is_empty() {
            let mut causes = Vec::new();
            let mut matched = false;
            for inner in &schema.any_of {
                match self.same(scope, check, *inner, "") {
                    Err(failure) => causes.push(failure),
                    Ok(()) => matched = true,
                }
                if matched && check.left.is_empty() {
                    break;
                }
            }
            if matched {
                self.budget.release(&causes);
            } else {
                self.push(check, "'anyOf' failed".to_owned(), causes);
            }
        }
        if !schema.one_of.is_empty() {
            let mut causes = Vec::new();
            let mut matched = None;
            for (i, inner) in schema.one_of.iter().enumerate() {
                match (self.same(scope, check, *inner, ""), matched) {
                    (Err(failure), _) => causes.push(failure),
                    (Ok(()), None) => matched = Some(i),
                    (Ok(()), Some(first)) => {
                        let message = format!(
                            "'oneOf' failed, subschemas {}, {} matched",
                            count(first as i64),
                            count(i as i64)
                        );
                        check.failures.push(self.failure(message));
                        break;
                    }
                }
            }
            if matched.is_some() {
                self.budget.release(&causes);
            } else {
                self.push(check, "'oneOf' failed, none matched".to_owned(), causes);
            }
        }
        if let Some(condition) = schema.condition {
            let failed = self.same(scope, check, condition, "").err();
            let branch = if failed.is_none() { schema.then } else { schema.otherwise };
            self.budget.release(failed.as_slice());
            if let Some(branch) = branch {
                let result = self.same(scope, check, branch, "");
                check.failures.extend(result.err());
            }
        }
    }

    fn push(&self, check: &mut Check<'v>, message: String, causes: Vec<Failure>) {
        check.failures.push(self.caused(Kind::Keyword(message), causes));
    }

    fn unevaluated(&mut self, scope: &Scope<'_>, schema: &'p Schema, check: &mut Check<'v>) {
        match check.value {
            Json::Object(fields) => {
                if let Some(inner) = schema.object.unevaluated {
                    for key in std::mem::take(&mut check.left.keys) {
                        if let Some(value) = fields.get(key) {
                            let result = self.inner(scope, inner, value, Step::Key(key));
                            check.failures.extend(result.err());
                        }
                    }
                }
            }
            Json::List(items) => {
                if let Some(inner) = schema.array.unevaluated {
                    for i in std::mem::take(&mut check.left.items) {
                        let result = self.inner(scope, inner, &items[i], Step::Index(i));
                        check.failures.extend(result.err());
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the message of the first of `type`, `const`, `enum` and `format` that fails.
fn plain(schema: &Schema, value: &Json) -> Option<String> {
    if let Some(types) = &schema.types {
        let got = type_name(value);
        let holds = types.iter().any(|name| {
            name == got
                || name == "integer" && matches!(value, Json::Number(text) if is_integer(text))
        });
        if !holds && !types.is_empty() {
            let wanted = TYPES.iter().copied().filter(|name| types.iter().any(|t| t == name));
            let wanted: Vec<&str> = wanted.collect();
            return Some(format!("got {got}, want {}", wanted.join(" or ")));
        }
    }
    if let Some(constant) = &schema.constant
        && !constant.same(value)
    {
        return Some(match scalar(constant) {
            Some(text) => format!("value must be {text}"),
            None => "'const' failed".to_owned(),
        });
    }
    if let Some(allowed) = &schema.allowed
        && !allowed.iter().any(|allowed| allowed.same(value))
    {
        let texts: Option<Vec<String>> = allowed.iter().map(scalar).collect();
        return Some(match texts.as_deref() {
            None => "'enum' failed".to_owned(),
            Some([text]) => format!("value must be {text}"),
            Some(texts) => format!("value must be one of {}", texts.join(", ")),
        });
    }
    if let (Some(name), Json::Text(text)) = (&schema.format, value)
        && let Some(Err(reason)) = format::find(name).map(|check| check(text))
    {
        return Some(format!("{} is not valid {name}: {reason}", quote(text)));
    }
    None
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::Text(_) => "string",
        Json::List(_) => "array",
        Json::Object(_) => "object",
    }
}

fn missing<'a>(fields: &BTreeMap<String, Json>, names: &'a [String]) -> Vec<&'a str> {
    names.iter().map(String::as_str).filter(|name| !fields.contains_key(*name)).collect()
}

/// Returns the places of the first item that an earlier one equals, the earlier one first.
fn first_repeated(items: &[Json]) -> Option<(usize, usize)> {
    let mut seen = HashMap::with_capacity(items.len());
    items.iter().enumerate().find_map(|(place, item)| {
        let mut key = Vec::new();
        item.push_key(&mut key);
        seen.insert(key, place).map(|first| (first, place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::schema::failure;

    fn check(budget: &Budget, schema: &str, instance: &str) -> Result<(), String> {
        let read = |text: &str| Json::read(text.as_bytes()).unwrap();
        let (program, top) =
            Program::compile("file:///s.json", read(schema), None, &mut Vec::new()).unwrap();
        evaluate_within(budget, &program, top, &read(instance), None)
            .map_err(|failure| failure::print(&failure))
    }

    #[test]
    fn work_without_an_end_is_given_up() {
        // Every level asks twice for the one below: 2^60 checks.
        let twice = r##"{"$ref":"#/$defs/n","$defs":{"n":{"allOf":[
            {"additionalProperties":{"$ref":"#/$defs/n"}},
            {"additionalProperties":{"$ref":"#/$defs/n"}}]}}}"##;
        let instance = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
        let steps = "- at '': the check was given up after 50000 steps".to_owned();
        assert_eq!(check(&Budget::new(50_000, 1 << 20), twice, &instance), Err(steps));

        let many = r#"{"items":{"type":"string"}}"#;
        let instance = format!("[{}1]", "1,".repeat(10_000));
        let bytes = "- at '': the check was given up after 100000 bytes of failures".to_owned();
        assert_eq!(check(&Budget::new(1 << 20, 100_000), many, &instance), Err(bytes));
    }

    #[test]
    fn failures_that_nobody_sees_cost_nothing() {
        let instance = format!("[{}1]", "1,".repeat(10_000));
        for schema in [
            r#"{"items":{"anyOf":[{"type":"string"},{"type":"integer"}]}}"#,
            r#"{"items":{"oneOf":[{"type":"string"},{"type":"integer"}]}}"#,
            r#"{"items":{"not":{"type":"string"}}}"#,
            r#"{"items":{"if":{"type":"string"},"then":false}}"#,
            r#"{"minContains":0,"contains":{"type":"string"}}"#,
        ] {
            // `contains` lets go of its failures only at the end.
            let bytes = if schema.contains("contains") { 10 << 20 } else { 10_000 };
            let budget = Budget::new(1 << 20, bytes);
            assert_eq!(check(&budget, schema, &instance), Ok(()), "{schema}");
            assert_eq!(budget.kept(), 0, "{schema}");
        }
    }
}
