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
    /// Whether the output is the file's own text, so that offsets run in step.
    pub(super) literal: bool,
}

/// A map from output offsets to template positions, sorted by output offset.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub(super) marks: Vec<Mark>,
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

impl Origins {
    /// Returns the template position that wrote the output at `offset` (bytes).
    #[must_use]
    pub fn at(&self, offset: usize) -> Option<Origin> {
        let after = self.marks.partition_point(|mark| mark.output as usize <= offset);
        let mark = self.marks.get(after.checked_sub(1)?)?;
        let run = if mark.literal { offset - mark.output as usize } else { 0 };
        let file = self.files.get(mark.file as usize)?.clone();
        Some(Origin { file, offset: mark.position as usize + run })
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
        let origin = output.origins.at(text.find(needle).unwrap()).unwrap();
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
    fn deleted_text_does_not_shift_what_follows() {
        let files = [("c/x.yaml", "a: {{ .missing }}\nb: 1\n")];
        assert_eq!(render(&files).text, b"a: \nb: 1\n");
        assert_eq!(place(&files, "b: 1"), "c/x.yaml:2");
    }
}
