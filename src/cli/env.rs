//! Every environment variable that rhumb reads, with Helm's names.

use std::num::IntErrorKind;
use std::path::PathBuf;

/// The namespace of the release, where `--namespace` does not say.
pub const HELM_NAMESPACE: &str = "HELM_NAMESPACE";
/// Whether results have colors, where `--color` does not say.
pub const HELM_COLOR: &str = "HELM_COLOR";
/// Whether `--debug` is on.
pub const HELM_DEBUG: &str = "HELM_DEBUG";
/// The kubeconfig context, where `--kube-context` does not say.
pub const HELM_KUBECONTEXT: &str = "HELM_KUBECONTEXT";
/// The token for the API server, where `--kube-token` does not say.
pub const HELM_KUBETOKEN: &str = "HELM_KUBETOKEN";
/// The user to impersonate, where `--kube-as-user` does not say.
pub const HELM_KUBEASUSER: &str = "HELM_KUBEASUSER";
/// Groups to impersonate, parted by commas, where `--kube-as-group` does not say.
pub const HELM_KUBEASGROUPS: &str = "HELM_KUBEASGROUPS";
/// The address of the API server, where `--kube-apiserver` does not say.
pub const HELM_KUBEAPISERVER: &str = "HELM_KUBEAPISERVER";
/// The file with the API server's certificate authority, where `--kube-ca-file` does not say.
pub const HELM_KUBECAFILE: &str = "HELM_KUBECAFILE";
/// Whether the API server's certificate goes unchecked.
pub const HELM_KUBEINSECURE_SKIP_TLS_VERIFY: &str = "HELM_KUBEINSECURE_SKIP_TLS_VERIFY";
/// The name that the API server's certificate has to bear.
pub const HELM_KUBETLS_SERVER_NAME: &str = "HELM_KUBETLS_SERVER_NAME";
/// How many revisions a release keeps, where `--history-max` does not say.
pub const HELM_MAX_HISTORY: &str = "HELM_MAX_HISTORY";
/// Where release records are kept: `secret`, `configmap`, `sql` or `memory`.
pub const HELM_DRIVER: &str = "HELM_DRIVER";
/// The database that keeps release records.
pub const HELM_DRIVER_SQL_CONNECTION_STRING: &str = "HELM_DRIVER_SQL_CONNECTION_STRING";
/// Files with the releases that the memory driver begins with, parted by colons.
pub const HELM_MEMORY_DRIVER_DATA: &str = "HELM_MEMORY_DRIVER_DATA";
/// Requests that may go out in a burst.
pub const HELM_BURST_LIMIT: &str = "HELM_BURST_LIMIT";
/// Requests a second.
pub const HELM_QPS: &str = "HELM_QPS";
/// The folder of caches.
pub const HELM_CACHE_HOME: &str = "HELM_CACHE_HOME";
/// The folder of configuration.
pub const HELM_CONFIG_HOME: &str = "HELM_CONFIG_HOME";
/// The folder of data.
pub const HELM_DATA_HOME: &str = "HELM_DATA_HOME";
/// The folder of plugins.
pub const HELM_PLUGINS: &str = "HELM_PLUGINS";
/// The file with credentials for registries.
pub const HELM_REGISTRY_CONFIG: &str = "HELM_REGISTRY_CONFIG";
/// The folder of repository indexes.
pub const HELM_REPOSITORY_CACHE: &str = "HELM_REPOSITORY_CACHE";
/// The file that lists repositories.
pub const HELM_REPOSITORY_CONFIG: &str = "HELM_REPOSITORY_CONFIG";
/// The folder of chart content.
pub const HELM_CONTENT_CACHE: &str = "HELM_CONTENT_CACHE";
/// The time of the files in archives, in seconds since 1970.
pub const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";
/// The folder of keys.
#[cfg(feature = "provenance")]
pub const GNUPGHOME: &str = "GNUPGHOME";
/// The folder of kubectl's caches.
pub const KUBECACHEDIR: &str = "KUBECACHEDIR";
/// Kubeconfig files, parted as in `PATH`.
pub const KUBECONFIG: &str = "KUBECONFIG";

/// Returns the keyring of GnuPG: in its newer format if there is one, else in its older.
#[cfg(feature = "provenance")]
#[must_use]
pub fn keyring() -> PathBuf {
    let folder = get(GNUPGHOME).map_or_else(|| home().join(".gnupg"), PathBuf::from);
    let keybox = folder.join("pubring.kbx");
    if keybox.exists() { keybox } else { folder.join("pubring.gpg") }
}

/// Returns a variable that is set and not empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the name of whoever runs the process, for people.
#[must_use]
pub fn user() -> String {
    get("USER").or_else(|| get("USERNAME")).unwrap_or_else(|| "someone".to_owned())
}

/// Returns the files that `KUBECONFIG` lists.
#[must_use]
pub fn kubeconfig_list() -> Vec<PathBuf> {
    let list = get(KUBECONFIG).unwrap_or_default();
    std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect()
}

/// Returns the folder of kubectl's caches; `None` where there is no home.
#[must_use]
pub fn kube_caches() -> Option<PathBuf> {
    let named = get(KUBECACHEDIR).map(PathBuf::from);
    named.or_else(|| get("HOME").map(|home| PathBuf::from(home).join(".kube/cache")))
}

/// Returns whether a variable says true.
#[must_use]
pub fn is_true(name: &str) -> bool {
    get(name)
        .is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// Returns the time that archives shall bear, in seconds since 1970, if the environment sets one.
///
/// # Errors
/// Helm's text for a value that is no such time.
pub fn source_date_epoch() -> Result<Option<u64>, String> {
    let Some(text) = get(SOURCE_DATE_EPOCH) else { return Ok(None) };
    let invalid = |reason: &str| format!("invalid {SOURCE_DATE_EPOCH}: {reason}");
    let seconds: i64 = text.parse().map_err(|error: std::num::ParseIntError| {
        let reason = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        invalid(&format!("strconv.ParseInt: parsing {text:?}: {reason}"))
    })?;
    u64::try_from(seconds).map(Some).map_err(|_| invalid("must not be negative"))
}

/// Returns the folder we are in: as the shell calls it, if that is true.
#[must_use]
pub fn working_folder() -> String {
    let real = std::env::current_dir().unwrap_or_default();
    let named = get("PWD")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute() && path.canonicalize().is_ok_and(|path| path == real));
    named.unwrap_or(real).to_string_lossy().into_owned()
}

pub(super) fn home() -> PathBuf {
    PathBuf::from(get("HOME").unwrap_or_default())
}

fn base(helm: &str, xdg: &str, default: &str) -> String {
    if let Some(folder) = get(helm) {
        return folder;
    }
    let folder = get(xdg).map_or_else(|| home().join(default), PathBuf::from);
    folder.join("helm").to_string_lossy().into_owned()
}

/// Returns the folder of data: starters and plugins.
#[must_use]
pub fn data_home() -> String {
    base(HELM_DATA_HOME, "XDG_DATA_HOME", ".local/share")
}

/// Returns the file or folder that one of Helm's variables names, or its default.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    let known = all("", "");
    let found = known.into_iter().find(|(variable, _)| *variable == name);
    PathBuf::from(found.map_or_else(String::new, |(_, value)| value))
}

/// Returns what `rhumb env` prints: names and values, sorted by name.
///
/// `namespace` is the namespace in force. Defaults follow Helm's: the XDG folders.
#[must_use]
pub fn all(namespace: &str, program: &str) -> Vec<(&'static str, String)> {
    let cache = base(HELM_CACHE_HOME, "XDG_CACHE_HOME", ".cache");
    let config = base(HELM_CONFIG_HOME, "XDG_CONFIG_HOME", ".config");
    let data = data_home();
    let or = |name: &str, default: String| get(name).unwrap_or(default);
    let given = |name: &str| get(name).unwrap_or_default();
    let max_history = given(HELM_MAX_HISTORY).parse::<i64>().unwrap_or(10);
    let qps = given(HELM_QPS).parse::<f32>().unwrap_or(0.0);
    vec![
        ("HELM_BIN", program.to_owned()),
        (HELM_BURST_LIMIT, or(HELM_BURST_LIMIT, "100".to_owned())),
        (HELM_CACHE_HOME, cache.clone()),
        (HELM_CONFIG_HOME, config.clone()),
        (HELM_CONTENT_CACHE, or(HELM_CONTENT_CACHE, format!("{cache}/content"))),
        (HELM_DATA_HOME, data.clone()),
        (HELM_DEBUG, is_true(HELM_DEBUG).to_string()),
        (HELM_KUBEAPISERVER, given(HELM_KUBEAPISERVER)),
        (HELM_KUBEASGROUPS, given(HELM_KUBEASGROUPS)),
        (HELM_KUBEASUSER, given(HELM_KUBEASUSER)),
        (HELM_KUBECAFILE, given(HELM_KUBECAFILE)),
        (HELM_KUBECONTEXT, given(HELM_KUBECONTEXT)),
        (HELM_KUBEINSECURE_SKIP_TLS_VERIFY, is_true(HELM_KUBEINSECURE_SKIP_TLS_VERIFY).to_string()),
        (HELM_KUBETLS_SERVER_NAME, given(HELM_KUBETLS_SERVER_NAME)),
        (HELM_KUBETOKEN, given(HELM_KUBETOKEN)),
        (HELM_MAX_HISTORY, max_history.to_string()),
        (HELM_NAMESPACE, namespace.to_owned()),
        (HELM_PLUGINS, or(HELM_PLUGINS, format!("{data}/plugins"))),
        (HELM_QPS, format!("{qps:.2}")),
        (HELM_REGISTRY_CONFIG, or(HELM_REGISTRY_CONFIG, format!("{config}/registry/config.json"))),
        (HELM_REPOSITORY_CACHE, or(HELM_REPOSITORY_CACHE, format!("{cache}/repository"))),
        (HELM_REPOSITORY_CONFIG, or(HELM_REPOSITORY_CONFIG, format!("{config}/repositories.yaml"))),
    ]
}
