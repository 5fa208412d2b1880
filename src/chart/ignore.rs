use super::IgnoreFault;
use crate::glob::filepath_match;

/// The rules of a `.helmignore` file: which files of a chart folder are left out.
///
/// # Source
/// Helm v4 `pkg/ignore`. The first rule that decides wins; `!pattern` does not take a file back
/// in but leaves out everything that does not match.
#[derive(Clone, Debug)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: String,
    negated: bool,
    directories_only: bool,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    WholePath,
    BaseName,
}

/// The longest line that Go's scanner takes.
const MAX_LINE: usize = 64 * 1024;

impl Default for IgnoreRules {
    /// Returns the rule that holds without a `.helmignore` too: hidden files in `templates/`.
    fn default() -> Self {
        let hidden_templates = Rule {
            pattern: "templates/.?*".to_owned(),
            negated: false,
            directories_only: false,
            scope: Scope::WholePath,
        };
        IgnoreRules { rules: vec![hidden_templates] }
    }
}

impl IgnoreRules {
    /// Parses the text of a `.helmignore` file and adds the default rule after its rules.
    ///
    /// # Errors
    /// [`IgnoreFault`] for `**`, a pattern that cannot be parsed, or a line over 64 KiB.
    pub fn parse(text: &[u8]) -> Result<Self, IgnoreFault> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = Vec::new();
        for line in text.split(|byte| *byte == b'\n') {
            if line.len() >= MAX_LINE {
                return Err(IgnoreFault::LineTooLong);
            }
            rules.extend(parse_rule(&String::from_utf8_lossy(line))?);
        }
        rules.extend(IgnoreRules::default().rules);
        Ok(IgnoreRules { rules })
    }

    /// Returns whether the file or folder at `path` (relative, with `/`) is left out.
    #[must_use]
    pub fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.rules {
            let wrong_kind = rule.directories_only && !is_directory;
            if rule.negated {
                if wrong_kind || !rule.matches(path) {
                    return true;
                }
            } else if !wrong_kind && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let subject = match self.scope {
            Scope::WholePath => path,
            Scope::BaseName => path.rsplit('/').next().unwrap_or(path),
        };
        filepath_match(self.pattern.as_bytes(), subject.as_bytes()).unwrap_or(false)
    }
}

fn parse_rule(line: &str) -> Result<Option<Rule>, IgnoreFault> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains("**") {
        return Err(IgnoreFault::DoubleStar);
    }
    filepath_match(line.as_bytes(), b"abc").map_err(|_| IgnoreFault::BadPattern)?;
    let (negated, rest) = match line.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (directories_only, rest) = match rest.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (pattern, scope) = match rest.strip_prefix('/') {
        Some(anchored) => (anchored, Scope::WholePath),
        None if rest.contains('/') => (rest, Scope::WholePath),
        None => (rest, Scope::BaseName),
    };
    Ok(Some(Rule { pattern: pattern.to_owned(), negated, directories_only, scope }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_decide_in_order() {
        let cases: &[(&str, &str, bool, bool)] = &[
            ("helm.txt", "helm.txt", false, true),
            ("helm.*", "helm.txt", false, true),
            ("*.txt", "deep/helm.txt", false, true),
            ("/*.txt", "deep/helm.txt", false, false),
            ("/a.txt", "a.txt", false, true),
            ("cargo/a.txt", "cargo/a.txt", false, true),
            ("cargo/*.txt", "cargo/deep/a.txt", false, false),
            ("cargo/", "cargo", true, true),
            ("cargo/", "cargo", false, false),
            ("!a.txt", "a.txt", false, false),
            ("!a.txt", "b.txt", false, true),
            ("!cargo/", "cargo", false, true),
            ("# a.txt", "a.txt", false, false),
            ("  a.txt  ", "a.txt", false, true),
            ("a.txt\r\nb.txt", "a.txt", false, true),
            ("", "templates/.hidden", false, true),
            ("", "templates/.", true, false),
            ("", "templates/x/.hidden", false, false),
            ("", ".hidden", false, false),
            ("\u{feff}a.txt", "a.txt", false, true),
            ("[ab].txt", "b.txt", false, true),
        ];
        for (text, path, is_directory, expected) in cases {
            let rules = IgnoreRules::parse(text.as_bytes()).unwrap();
            assert_eq!(rules.ignores(path, *is_directory), *expected, "{text:?} {path}");
        }
    }

    #[test]
    fn wrong_rules() {
        let long = "a".repeat(MAX_LINE);
        let cases = [
            ("**/a", IgnoreFault::DoubleStar),
            ("ok\n[a", IgnoreFault::BadPattern),
            (long.as_str(), IgnoreFault::LineTooLong),
        ];
        for (text, expected) in cases {
            assert_eq!(IgnoreRules::parse(text.as_bytes()).unwrap_err(), expected);
        }
    }
}
