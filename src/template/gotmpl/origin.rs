//! Where each stretch of output came from.

use crate::value::Str;

/// The start of a stretch of output and the template position that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Offset in the output, in bytes.
    pub(super) output: u32,
    /// Number of the file in the template set.
    pub(super) file: u32,
    /// Offset in the file, in bytes.
    pub(super) position: u32,
    /// Number of the call that was running.
    pub(super) call: u32,
    /// By how many columns each line after the first was indented, at most 65535.
    pub(super) indent: u16,
    /// Whether the output is the file's own text, so that offsets run in step.
    pub(super) literal: bool,
}

/// A call of a template by an `include`, a `template` action or a `tpl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Number of the call around this one; [`NO_CALL`] for none.
    pub(super) outer: u32,
    /// Number of the file in the template set; [`super::set::FOREIGN`] for a text in no file.
    pub(super) file: u32,
    /// Offset in the file, in bytes.
    pub(super) position: u32,
}

/// The number of no call.
pub(super) const NO_CALL: u32 = u32::MAX;

/// A map from output offsets to template positions, sorted by output offset.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub(super) marks: Vec<Mark>,
    pub(super) calls: Vec<Call>,
    pub(super) files: std::sync::Arc<[Str]>,
}

/// A position in a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path of the template file, such as `web/templates/_helpers.tpl`.
    pub file: Str,
    /// In bytes from the start of the file.
    pub offset: usize,
}

/// A stretch of output of another engine and what wrote it.
#[cfg(feature = "jinja")]
#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Stretch {
    /// Offset in the output, in bytes.
    pub(in crate::template) output: usize,
    /// Number of the file.
    pub(in crate::template) file: u32,
    /// Offset in the file, in bytes.
    pub(in crate::template) position: usize,
    /// Number of the call that was running; [`u32::MAX`] for none.
    pub(in crate::template) call: u32,
    /// Whether the output is the file's own text, so that offsets run in step.
    pub(in crate::template) literal: bool,
}

impl Origins {
    /// Makes a map from stretches in order. A call is the one around it and its place: number of
    /// the file, offset.
    #[cfg(feature = "jinja")]
    pub(in crate::template) fn new(
        stretches: impl Iterator<Item = Stretch>,
        calls: impl Iterator<Item = (u32, u32, usize)>,
        files: std::sync::Arc<[Str]>,
    ) -> Self {
        let marks = stretches.map(|stretch| Mark {
            output: stretch.output as u32,
            file: stretch.file,
            position: stretch.position as u32,
            call: stretch.call,
            indent: 0,
            literal: stretch.literal,
        });
        let calls =
            calls.map(|(outer, file, position)| Call { outer, file, position: position as u32 });
        Origins { marks: marks.collect(), calls: calls.collect(), files }
    }

    /// Returns the template position that wrote the output `text` at `offset` (bytes).
    #[must_use]
    pub fn at(&self, text: &[u8], offset: usize) -> Option<Origin> {
        let mark = self.mark(offset)?;
        let file = self.files.get(mark.file as usize)?.clone();
        let mut run = 0;
        if mark.literal {
            let written = text.get(mark.output as usize..offset).unwrap_or_default();
            let lines = memchr::memchr_iter(b'\n', written).count();
            let line_start = memchr::memrchr(b'\n', written).map_or(0, |at| at + 1);
            let whole = usize::from(mark.indent) * lines.saturating_sub(1);
            let last = (written.len() - line_start).min(usize::from(mark.indent));
            let last = if lines > 0 { last } else { 0 };
            run = written.len().saturating_sub(whole + last);
        }
        Some(Origin { file, offset: mark.position as usize + run })
    }

    /// Returns the calls on the way to what wrote the output at `offset` (bytes), innermost first.
    /// Those that stand in no file are left out.
    #[must_use]
    pub fn calls_at(&self, offset: usize) -> Vec<Origin> {
        let mut calls = Vec::new();
        let mut next = self.mark(offset).map(|mark| mark.call);
        while let Some(call) = next.and_then(|number| self.calls.get(number as usize)) {
            if let Some(file) = self.files.get(call.file as usize) {
                calls.push(Origin { file: file.clone(), offset: call.position as usize });
            }
            next = Some(call.outer);
        }
        calls
    }

    /// Returns the paths of the files that positions can lie in.
    pub fn files(&self) -> impl Iterator<Item = &Str> {
        self.files.iter()
    }

    fn mark(&self, offset: usize) -> Option<&Mark> {
        let after = self.marks.partition_point(|mark| mark.output as usize <= offset);
        self.marks.get(after.checked_sub(1)?)
    }

    /// Takes account of `length` bytes of output having been deleted at `offset`.
    pub(super) fn delete(&mut self, offset: usize, length: usize) {
        for mark in &mut self.marks {
            let output = mark.output as usize;
            if output >= offset + length {
                mark.output -= length as u32;
            } else if output > offset {
                mark.output = offset as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::template::function::Env;
    use crate::template::gotmpl::{Executor, Output, TemplateSet};
    use crate::value::{Map, Str, Value};

    fn render(files: &[(&str, &str)]) -> Output {
        let mut set = TemplateSet::default();
        for (name, text) in files {
            set.parse(&Str::from(*name), &Str::from(*text)).unwrap();
        }
        let env = Env::new();
        let data = Map::from_pairs([("name", Value::from("web"))]);
        Executor::new(&set, &env).execute("c/x.yaml", Value::Map(data)).unwrap()
    }

    /// Returns the place that wrote the first occurrence of `needle`, as `file:line`.
    fn place(files: &[(&str, &str)], needle: &str) -> String {
        let output = render(files);
        let text = String::from_utf8(output.text).unwrap();
        let origin = output.origins.at(text.as_bytes(), text.find(needle).unwrap()).unwrap();
        let source = files.iter().find(|(name, _)| origin.file == *name).unwrap().1;
        let line = 1 + source[..origin.offset].matches('\n').count();
        format!("{}:{line}", origin.file)
    }

    #[test]
    fn output_knows_the_line_that_wrote_it() {
        let main = ("c/x.yaml", "a: 1\nb: {{ .name }}\n{{- include \"h\" . | nindent 2 }}\nz: 2\n");
        let helper = ("c/_h.tpl", "{{ define \"h\" -}}\nk: 1\nl: {{ .name }}!\n{{- end }}");
        let files = [helper, main];
        assert_eq!(place(&files, "a: 1"), "c/x.yaml:1");
        assert_eq!(place(&files, "web\n"), "c/x.yaml:2");
        assert_eq!(place(&files, "k: 1"), "c/_h.tpl:2");
        assert_eq!(place(&files, "l:"), "c/_h.tpl:3");
        assert_eq!(place(&files, "web!"), "c/_h.tpl:3");
        assert_eq!(place(&files, "z: 2"), "c/x.yaml:4");
    }

    #[test]
    fn indentation_does_not_shift_the_lines() {
        let helper = ("c/_h.tpl", "{{ define \"h\" -}}\na: 1\nb: 1\nc: 1\nd: 1\ne: 1\n{{- end }}");
        let main = (
            "c/x.yaml",
            "{{ define \"i\" }}{{ include \"h\" . | nindent 9 }}{{ end }}x:{{ include \"i\" . | indent 7 }}\n",
        );
        for (needle, line) in [("a:", 2), ("b:", 3), ("c:", 4), ("d:", 5), ("e:", 6)] {
            assert_eq!(place(&[helper, main], needle), format!("c/_h.tpl:{line}"));
        }
    }

    #[test]
    fn output_knows_the_calls_that_led_to_it() {
        let files = [
            (
                "c/_h.tpl",
                "{{ define \"a\" }}\nk: {{ include \"b\" . }}{{ end }}{{ define \"b\" }}deep{{ end }}",
            ),
            (
                "c/x.yaml",
                "one: {{ .name }}\n{{ template \"a\" . }}\ntwo: {{ include \"b\" . | upper }}\nlast\n",
            ),
        ];
        let output = render(&files);
        let text = String::from_utf8(output.text).unwrap();
        let calls = |needle: &str| -> Vec<String> {
            let calls = output.origins.calls_at(text.find(needle).unwrap());
            let line = |origin: &super::Origin| {
                let source = files.iter().find(|(name, _)| origin.file == *name).unwrap().1;
                1 + source[..origin.offset].matches('\n').count()
            };
            calls.iter().map(|origin| format!("{}:{}", origin.file, line(origin))).collect()
        };
        assert_eq!(calls("deep"), ["c/_h.tpl:2", "c/x.yaml:2"]);
        assert_eq!(calls("k:"), ["c/x.yaml:2"]);
        assert!(calls("one").is_empty() && calls("DEEP").is_empty() && calls("last").is_empty());
    }

    #[test]
    fn deleted_text_does_not_shift_what_follows() {
        let files = [("c/x.yaml", "a: {{ .missing }}\nb: 1\n")];
        assert_eq!(render(&files).text, b"a: \nb: 1\n");
        assert_eq!(place(&files, "b: 1"), "c/x.yaml:2");
    }
}
