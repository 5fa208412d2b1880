use super::{Crd, Document, Hook, Manifest};
use crate::yaml;

/// What `template` prints besides the objects of the release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// Whether hooks are left out (`--no-hooks`).
    pub no_hooks: bool,
    /// Whether test hooks are left out (`--skip-tests`).
    pub skip_tests: bool,
}

/// No document came from a file that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not find template {pattern} in chart")]
pub struct ShowOnlyError {
    /// The pattern.
    pub pattern: String,
}

/// How many bytes [`push`] adds to path and text.
const FRAME: usize = "---\n# Source: \n\n".len();

fn push(out: &mut Vec<u8>, path: &str, text: &[u8]) {
    out.extend_from_slice(b"---\n# Source: ");
    out.extend_from_slice(path.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// Appends objects in the form that release records keep: each with a separator line, a
/// `# Source:` line and a line feed after its text.
pub fn print_documents(out: &mut Vec<u8>, documents: &[Document]) {
    for document in documents {
        push(out, &document.path, document.text.as_bytes());
    }
}

/// Appends hooks in the same form as [`print_documents`].
pub fn print_hooks<'a>(out: &mut Vec<u8>, hooks: impl IntoIterator<Item = &'a Hook>) {
    for hook in hooks {
        push(out, &hook.path, hook.text.as_bytes());
    }
}

/// Returns the text that `helm template` prints: CRDs and objects, trimmed, then hooks.
///
/// `crds` are those to show (`--include-crds`), in the chart's order.
#[must_use]
pub fn print_template(manifest: &Manifest, crds: &[Crd], options: PrintOptions) -> Vec<u8> {
    let mut size = 1;
    let mut add = |path: usize, text: usize| size += path + text + FRAME;
    for crd in crds {
        add(crd.path.len(), crd.text.len());
    }
    for document in &manifest.documents {
        add(document.path.len(), document.text.len());
    }
    printed_hooks(manifest, options).for_each(|hook| add(hook.path.len(), hook.text.len()));
    let mut out = Vec::with_capacity(size);
    for crd in crds {
        push(&mut out, &crd.path, crd.text.as_bytes());
    }
    print_documents(&mut out, &manifest.documents);
    // It begins with a separator, if with anything.
    out.truncate(trim_space(&out).len());
    out.push(b'\n');
    print_hooks(&mut out, printed_hooks(manifest, options));
    out
}

fn printed_hooks(manifest: &Manifest, options: PrintOptions) -> impl Iterator<Item = &Hook> {
    manifest
        .hooks
        .iter()
        .filter(move |hook| !options.no_hooks && (!options.skip_tests || !hook.is_test()))
}

/// Picks from the output of [`print_template`] the documents of templates that match the patterns
/// of `--show-only`, pattern by pattern, as `helm template` prints them.
///
/// A pattern is matched with the path below the chart's name by the rules of Go's
/// `filepath.Match`: `*` does not cross `/`. `matches(pattern, path)` does that.
///
/// # Errors
/// [`ShowOnlyError`] for the first pattern without a match; a malformed pattern has none.
pub fn select<'a>(
    printed: &[u8],
    patterns: impl IntoIterator<Item = &'a str>,
    matches: impl Fn(&str, &str) -> bool,
) -> Result<Vec<u8>, ShowOnlyError> {
    let documents: Vec<_> =
        yaml::split_documents(printed).into_iter().map(|range| &printed[range]).collect();
    let mut out = Vec::new();
    for pattern in patterns {
        let mut found = false;
        for document in &documents {
            let Some(path) = source_below_chart(document) else { continue };
            if matches(pattern, path) {
                found = true;
                out.extend_from_slice(b"---\n");
                out.extend_from_slice(document);
                out.push(b'\n');
            }
        }
        if !found {
            return Err(ShowOnlyError { pattern: pattern.to_owned() });
        }
    }
    Ok(out)
}

/// Returns the path in the first `# Source:` line of a document, without the chart's name.
fn source_below_chart(document: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"# Source: ";
    document.split(|byte| *byte == b'\n').find_map(|line| {
        let at = memchr::memmem::find(line, MARK)?;
        let path = std::str::from_utf8(&line[at + MARK.len()..]).ok()?;
        let (chart, rest) = path.split_once('/')?;
        (!chart.is_empty() && !rest.is_empty()).then_some(rest)
    })
}

/// One file below `--output-dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// The path below the folder, such as `web/templates/service.yaml`.
    pub path: String,
    /// Its text.
    pub text: Vec<u8>,
}

/// Returns the writes of `--output-dir` in order, one for each document. Of several with the same
/// path the first creates the file and the others are appended.
#[must_use]
pub fn print_files(manifest: &Manifest, crds: &[Crd], options: PrintOptions) -> Vec<OutputFile> {
    let file = |path: &str, text: &[u8]| {
        let mut out = Vec::with_capacity(text.len() + path.len() + 16);
        push(&mut out, path, text);
        OutputFile { path: path.to_owned(), text: out }
    };
    let crds = crds.iter().map(|crd| file(&crd.path, crd.text.as_bytes()));
    let documents = manifest.documents.iter().map(|d| file(&d.path, d.text.as_bytes()));
    let hooks = printed_hooks(manifest, options).map(|hook| file(&hook.path, hook.text.as_bytes()));
    crds.chain(documents).chain(hooks).collect()
}

/// Returns rendered files that are no manifest, for the user to look at (`--debug`), by path.
#[must_use]
pub fn source_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut files: Vec<_> = files
        .into_iter()
        .filter(|(path, text)| !path.ends_with("NOTES.txt") && !trim_space(text).is_empty())
        .collect();
    files.sort_by(|a, b| a.0.cmp(b.0));
    let mut out = Vec::new();
    for (path, text) in files {
        push(&mut out, path, text);
    }
    out
}

/// Trims white space as Go's `strings.TrimSpace` does; bytes that are not UTF-8 are no space.
fn trim_space(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}
