//! Rewrites templates of Go as templates in Jinja, from the parsed tree.
//!
//! [`convert`] keeps the lines of the text as they are and puts a tag or a hole in the place of
//! each action. It does not promise that both templates write the same: that is for the caller to
//! try out. Where a hole writes other data in Jinja than in Go, it can be asked for more carefully,
//! see [`Wishes::careful`].

mod call;
mod expression;
mod hole;
mod name;
mod piece;
mod scene;
mod tree;
mod write;

use std::collections::BTreeSet;

use super::gotmpl::parser;
use crate::value::{Map, Str};

/// What is known of the chart, and what is wanted of the result.
#[derive(Clone, Copy, Debug)]
pub struct Wishes<'a> {
    /// The default values: they tell lists from maps.
    pub values: &'a Map,
    /// The numbers of the holes that shall print the very text that Go prints, be it less pretty.
    pub careful: &'a BTreeSet<usize>,
}

/// A template in Jinja.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The source.
    pub text: String,
    /// The numbers of the holes that can be printed more carefully.
    pub holes: BTreeSet<usize>,
}

/// Why a template stays in Go's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line in the template, from 1.
    pub line: usize,
    /// What has no counterpart.
    pub reason: String,
}

/// Rewrites the template of that path.
///
/// # Errors
/// The first thing that has no counterpart in Jinja.
pub fn convert(path: &str, text: &Str, wishes: Wishes<'_>) -> Result<Converted, Refusal> {
    let Some(source) = text.as_str() else {
        return Err(Refusal { line: 1, reason: "the text is not UTF-8".to_owned() });
    };
    let unit = parser::parse(path.into(), text)
        .map_err(|error| Refusal { line: error.line, reason: error.message })?;
    write::Writer::new(&unit, source, wishes).run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;
    use crate::yaml;

    const VALUES: &str = "a: {b: 1}\nhosts: [x]\nmap: {k: v}\n";

    fn rewritten(text: &str) -> Result<String, Refusal> {
        let Value::Map(values) = yaml::read(VALUES.as_bytes()).unwrap() else { unreachable!() };
        let careful = BTreeSet::new();
        let wishes = Wishes { values: &values, careful: &careful };
        let converted = convert("templates/x.yaml", &text.into(), wishes)?;
        let head = "{% set values = optional(values) %}\n";
        Ok(converted.text.strip_prefix(head).unwrap_or(&converted.text).to_owned())
    }

    /// What it is about, Go, Jinja.
    const CASES: &[(&str, &str, &str)] = &[
        ("a value", "k: {{ .Values.a.b }}", "k: {{ values.a.b }}"),
        ("a quoted value", "k: {{ .Values.a.b | quote }}", "k: \"{{ values.a.b }}\""),
        ("single quotes", "k: {{ squote .Values.a.b }}", "k: '{{ values.a.b }}'"),
        ("the release", "k: {{ .Release.IsUpgrade }}", "k: {{ release.is_upgrade }}"),
        ("the chart", "k: {{ .Chart.AppVersion }}", "k: {{ chart.app_version }}"),
        (
            "capabilities",
            "{{ if .Capabilities.APIVersions.Has \"v1\" }}\na: 1\n{{ end }}\n",
            "{% if capabilities.api_versions.has(\"v1\") %}\na: 1\n{% endif %}\n",
        ),
        ("files", "k: {{ .Files.Get \"x\" | b64enc }}", "k: {{ files.get(\"x\") | b64encode }}"),
        ("a key with a dash", "k: {{ index .Values \"a-b\" \"c\" }}", "k: {{ values[\"a-b\"].c }}"),
        ("the root in a dollar", "k: {{ $.Values.a.b }}", "k: {{ values.a.b }}"),
        (
            "a map on lines of its own",
            "k:\n  {{- toYaml .Values.map | nindent 4 }}\nz: 1\n",
            "k:\n    {{ values.map }}\nz: 1\n",
        ),
        (
            "a map after its key",
            "k: {{- toYaml .Values.map | nindent 2 }}\n",
            "k:\n  {{ values.map }}\n",
        ),
        (
            "indentation at the margin",
            "k:\n{{ toYaml .Values.map | indent 2 }}\n",
            "k:\n  {{ values.map }}\n",
        ),
        (
            "a template of Go",
            "k:\n  {{- include \"c.labels\" . | nindent 2 }}\n",
            "k:\n  {{ include(\"c.labels\") }}\n",
        ),
        (
            "a template with its own data",
            "k: {{ include \"c.n\" (dict \"a\" 1 \"context\" $) }}",
            "k: {{ include(\"c.n\", {\"a\": 1, \"context\": root}) }}",
        ),
        ("the template action", "k: {{ template \"c.n\" . }}", "k: {{ include(\"c.n\") }}"),
        (
            "conditions",
            "{{- if and .Values.a (not .Values.b) }}\na: 1\n{{- else if eq .Values.c \"x\" }}\nb: 1\n{{- else }}\nc: 1\n{{- end }}\n",
            "{% if values.a and not values.b %}\na: 1\n{% elif values.c == \"x\" %}\nb: 1\n{% else %}\nc: 1\n{% endif %}\n",
        ),
        (
            "a condition within a line",
            "k: {{ if .Values.a }}x{{- else }} y{{ end }}\n",
            "k: {% if values.a %}x{% else %} y{% endif %}\n",
        ),
        (
            "with",
            "{{- with .Values.map }}\nk:\n  {{- toYaml . | nindent 2 }}\n{{- end }}\n",
            "{% if values.map %}\nk:\n  {{ values.map }}\n{% endif %}\n",
        ),
        (
            "with what is computed",
            "{{- with include \"c.n\" . }}\nk: {{ . }}\n{{- end }}\n",
            "{% set it = include(\"c.n\") %}{% if it %}\nk: {{ it }}\n{% endif %}\n",
        ),
        (
            "a loop over a list",
            "{{- range .Values.hosts }}\n- {{ . }}\n{{- end }}\n",
            "{% for host in values.hosts %}\n- {{ host }}\n{% endfor %}\n",
        ),
        (
            "a loop over a map",
            "{{- range .Values.map }}\n- {{ . }}\n{{- end }}\n",
            "{% for item in values.map | values_of %}\n- {{ item }}\n{% endfor %}\n",
        ),
        (
            "a loop with keys",
            "{{- range $k, $v := .Values.map }}\n{{ $k }}: {{ $v }}\n{{- end }}\n",
            "{% for k, v in values.map | entries %}\n{{ k }}: {{ v }}\n{% endfor %}\n",
        ),
        (
            "a loop over numbers",
            "{{- range $i := until 3 }}\n- {{ $i }}\n{{- end }}\n",
            "{% for i in range(3) %}\n- {{ i }}\n{% endfor %}\n",
        ),
        (
            "a variable",
            "{{- $name := .Values.a.b -}}\nk: {{ $name }}\n",
            "{% set name = values.a.b %}\nk: {{ name }}\n",
        ),
        (
            "a variable that a loop assigns",
            "{{- $found := false }}\n{{- range .Values.hosts }}\n{{- $found = true }}\n{{- end }}\nk: {{ $found }}\n",
            "{% set found = namespace(value=false) %}\n{% for host in values.hosts %}\n{% set found.value = true %}\n{% endfor %}\nk: {{ found.value }}\n",
        ),
        (
            "a variable for the root",
            "{{ $top := . }}k: {{ $top.Values.a }}\n",
            "k: {{ values.a }}\n",
        ),
        (
            "a default",
            "k: {{ .Values.a | default \"x\" | quote }}",
            "k: \"{{ values.a | if_empty('x') }}\"",
        ),
        (
            "a default that YAML reads as a number",
            "k: {{ .Values.a | default \"80\" }}",
            "k: {{ values.a | if_empty(80) }}",
        ),
        (
            "a pipeline",
            "k: {{ .Values.a | trunc 63 | trimSuffix \"-\" }}",
            "k: {{ values.a | truncate(63) | trim_suffix(\"-\") }}",
        ),
        (
            "printf",
            "k: {{ printf \"%s-%d\" .Release.Name .Values.a }}",
            "k: {{ release.name ~ \"-\" ~ values.a }}",
        ),
        (
            "a choice",
            "k: {{ ternary \"a\" \"b\" .Values.c }}",
            "k: {{ \"a\" if values.c else \"b\" }}",
        ),
        ("arithmetic", "k: {{ add (mul 2 .Values.a) 1 }}", "k: {{ 2 * values.a + 1 }}"),
        (
            "a kind",
            "{{ if kindIs \"string\" .Values.a }}\nk: 1\n{{ end }}\n",
            "{% if values.a is string %}\nk: 1\n{% endif %}\n",
        ),
        (
            "nothing",
            "{{ if ne .Values.a nil }}\nk: 1\n{{ end }}\n",
            "{% if values.a is not none %}\nk: 1\n{% endif %}\n",
        ),
        (
            "parentheses that forgive",
            "k: {{ ((.Values.a).b).c }}",
            "k: {{ ((values.a | optional).b | optional).c }}",
        ),
        (
            "a block of text",
            "k: |\n  x:\n    {{- toYaml .Values.map | nindent 4 }}\n",
            "k: |\n  x:\n    {{ values.map | to_yaml | indent(2) }}\n",
        ),
        ("a comment", "{{/* why */}}\nk: 1\n", "{# why #}\nk: 1\n"),
        ("braces that are text", "k: '{{ \"{{\" }} x }}'\n", "k: '{% raw %}{{{% endraw %} x }}'\n"),
        ("what looks like a tag", "k: ${#a}\n", "k: ${% raw %}{#{% endraw %}a}\n"),
        (
            "lines from a text",
            "k:\n  {{- .Values.a | nindent 2 }}\n",
            "k:\n  {{ values.a | raw }}\n",
        ),
        ("JSON in a text", "k: '{{ toJson .Values.a }}'", "k: '{{ values.a | to_json }}'"),
        ("JSON as a value", "k: {{ toJson .Values.a }}", "k: {{ values.a }}"),
        (
            "break and continue",
            "{{- range .Values.hosts }}\n{{- if . }}\n{{- break }}\n{{- end }}\n{{- continue }}\n{{- end }}\n",
            "{% for host in values.hosts %}\n{% if host %}\n{% break %}\n{% endif %}\n{% continue %}\n{% endfor %}\n",
        ),
    ];

    #[test]
    fn every_construct_has_its_counterpart() {
        for (what, go, jinja) in CASES {
            assert_eq!(rewritten(go).as_deref(), Ok(*jinja), "{what}");
        }
    }

    #[test]
    fn what_has_none_is_named_with_its_line() {
        for (text, line, reason) in [
            ("a: 1\n{{ define \"x\" }}{{ end }}", 2, "defines a template"),
            ("{{ $_ := set .Values \"a\" 1 }}", 1, "changes a map in place"),
            (
                "\n\nk: {{ .Values.a | wrapWith 2 \"x\" | cat 1 }}",
                3,
                "the function `cat` has no counterpart",
            ),
            ("{{ block \"x\" . }}{{ end }}", 1, "`block` has no counterpart"),
            ("{{ if }}", 1, "missing value for if"),
        ] {
            let found = rewritten(text).unwrap_err();
            assert_eq!((found.line, found.reason.as_str()), (line, reason), "{text}");
        }
    }
}
