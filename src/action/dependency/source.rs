use std::path::{Path, PathBuf};

use super::DependencyError as Error;
use crate::chart::Dependency;
use crate::fetch::{Access, Repositories, Repository, unmanaged_name};
use crate::go::path::clean;

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It lies in `charts/` already.
    Here,
    /// A folder beside the chart.
    Folder(PathBuf),
    /// A registry.
    Registry,
    /// A repository.
    Repository {
        repository: Repository,
        /// Whether it was added by the user.
        is_managed: bool,
    },
}

/// Finds the sources of dependencies, and puts URLs in place of aliases.
///
/// `access` is how repositories are spoken to that were never added.
pub(super) fn find(
    dependencies: &mut [Dependency],
    chart: &Path,
    known: &Repositories,
    access: &Access,
) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    let mut missing = Vec::new();
    for dependency in dependencies {
        let text = dependency.repository.clone();
        let alias = text.strip_prefix('@').or_else(|| text.strip_prefix("alias:"));
        let managed = match alias {
            Some(alias) => known.find(alias),
            None => known.entries.iter().find(|entry| is_same(&entry.url, &text)),
        };
        if let (Some(_), Some(entry)) = (alias, managed) {
            dependency.repository.clone_from(&entry.url);
        }
        let url = &dependency.repository;
        sources.push(if url.is_empty() {
            Source::Here
        } else if let Some(path) = url.strip_prefix("file://") {
            let path = local_path(chart, path);
            if !path.exists() {
                return Err(Error::NoFolder(path));
            }
            Source::Folder(path)
        } else if url.starts_with("oci://") {
            Source::Registry
        } else if let Some(entry) = managed {
            Source::Repository { repository: entry.clone(), is_managed: true }
        } else if has_scheme(url) {
            // To Helm, `alias:` with an unknown name is a URL like any other.
            let (name, url) = (unmanaged_name(url), url.clone());
            let repository = Repository { name, url, access: access.clone() };
            Source::Repository { repository, is_managed: false }
        } else {
            missing.push(text);
            Source::Here
        });
    }
    if missing.is_empty() { Ok(sources) } else { Err(Error::NoRepositories { names: missing }) }
}

/// Returns the path behind `file://`: from the chart's folder on, unless absolute.
fn local_path(chart: &Path, path: &str) -> PathBuf {
    let joined = if path.starts_with('/') { PathBuf::from(path) } else { chart.join(path) };
    let cleaned = clean(joined.as_os_str().as_encoded_bytes());
    PathBuf::from(String::from_utf8_lossy(&cleaned).into_owned())
}

fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Compares URLs as Helm does: a slash at the end makes no difference.
fn is_same(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_repositories() {
        let known = Repositories {
            entries: vec![Repository {
                name: "one".to_owned(),
                url: "https://a/".to_owned(),
                access: Access::default(),
            }],
        };
        let find = |repository: &str| {
            let mut list =
                [Dependency { repository: repository.to_owned(), ..Dependency::default() }];
            let found = find(&mut list, Path::new("app"), &known, &Access::default());
            let [Dependency { repository, .. }] = list;
            let text = match found {
                Ok(sources) => match &sources[0] {
                    Source::Here => "here".to_owned(),
                    Source::Folder(path) => path.display().to_string(),
                    Source::Registry => "registry".to_owned(),
                    Source::Repository { is_managed, .. } => format!("managed {is_managed}"),
                },
                Err(error) => error.to_string().lines().next().unwrap().to_owned(),
            };
            (text, repository)
        };
        let missing = |name: &str| {
            format!("no repository definition for {name}. Please add them via 'helm repo add'")
        };
        let cases = [
            ("", "here".to_owned(), ""),
            ("@one", "managed true".to_owned(), "https://a/"),
            ("alias:one", "managed true".to_owned(), "https://a/"),
            ("https://a", "managed true".to_owned(), "https://a"),
            ("https://b", "managed false".to_owned(), "https://b"),
            ("oci://b/c", "registry".to_owned(), "oci://b/c"),
            ("file://../src", "src".to_owned(), "file://../src"),
            ("file://../none", "directory none not found".to_owned(), "file://../none"),
            ("@two", missing("@two"), "@two"),
            ("alias:two", "managed false".to_owned(), "alias:two"),
            ("one", missing("one"), "one"),
        ];
        for (text, expected, repository) in cases {
            assert_eq!(find(text), (expected, repository.to_owned()), "{text}");
        }
    }
}
