use std::any::Any;

use crate::value::{Kind, List, ListType, Map, Object, Str, Value};

/// What `.Capabilities` says of the cluster and of Helm.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// The version of the cluster.
    pub kube_version: KubeVersion,
    /// Group versions such as `apps/v1`; with a cluster also `apps/v1/Deployment`.
    pub api_versions: Vec<String>,
}

impl Default for Capabilities {
    /// What Helm 4.3.1 assumes without a cluster.
    fn default() -> Self {
        Capabilities {
            kube_version: KubeVersion {
                version: "v1.37.0".to_owned(),
                normalized: "v1.37.0".to_owned(),
                major: "1".to_owned(),
                minor: "37".to_owned(),
            },
            api_versions: DEFAULT_API_VERSIONS.iter().map(|v| (*v).to_owned()).collect(),
        }
    }
}

/// The Helm whose behaviour is matched, as `.Capabilities.HelmVersion` and `rhumb version` of the
/// same template show it.
pub const HELM_VERSION: HelmVersion = HelmVersion {
    version: "v4.3.1",
    git_commit: "c0d08d0d6d9424d4a14febb5e8a3e51b0dd00dff",
    git_tree_state: "clean",
    go_version: "go1.27.2",
    kube_client_version: "v1.37",
};

const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// A Kubernetes version, `.Capabilities.KubeVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`: `v1.33.4-gke.1`.
    pub version: String,
    /// Without any suffix: `v1.33.4`; what prints.
    pub normalized: String,
    /// `1`
    pub major: String,
    /// `33`
    pub minor: String,
}

/// A Kubernetes version that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", version_text(.text, *.is_short))]
pub struct KubeVersionError {
    /// What was given.
    pub text: String,
    /// Whether it is a version but for its minor number.
    pub is_short: bool,
}

fn version_text(text: &str, is_short: bool) -> String {
    let text = crate::template::gotmpl::quote::quote(text.as_bytes());
    if is_short {
        format!("illegal version string {text}")
    } else {
        format!("could not parse {text} as version")
    }
}

impl KubeVersion {
    /// Reads a version such as `1.33`, `v1.33.4` or `1.33.4-gke.1`.
    ///
    /// # Errors
    /// [`KubeVersionError`] when major and minor are not there or not numbers.
    pub fn parse(text: &str) -> Result<Self, KubeVersionError> {
        let bad = || KubeVersionError { text: text.to_owned(), is_short: false };
        let bare = text.strip_prefix('v').unwrap_or(text);
        let core_end = bare.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(bare.len());
        let (core, suffix) = bare.split_at(core_end);
        if !suffix.is_empty() && !suffix.starts_with(['-', '+']) {
            return Err(bad());
        }
        let parts: Vec<&str> = core.split('.').collect();
        if parts.len() < 2 && !core.is_empty() {
            return Err(KubeVersionError { is_short: true, ..bad() });
        }
        if parts.len() < 2
            || parts.iter().any(|part| part.is_empty() || part.parse::<u32>().is_err())
        {
            return Err(bad());
        }
        Ok(KubeVersion {
            version: format!("v{bare}"),
            normalized: format!("v{core}"),
            major: parts[0].to_owned(),
            minor: parts[1].to_owned(),
        })
    }
}

/// The version of Helm, `.Capabilities.HelmVersion`.
#[derive(Clone, Copy, Debug)]
pub struct HelmVersion {
    /// `v4.3.1`
    pub version: &'static str,
    /// The commit, 40 hex digits.
    pub git_commit: &'static str,
    /// `clean`
    pub git_tree_state: &'static str,
    /// The Go compiler.
    pub go_version: &'static str,
    /// The Kubernetes client library.
    pub kube_client_version: &'static str,
}

impl Object for KubeVersion {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::str(self.version.as_str())),
            ("Major", Value::str(self.major.as_str())),
            ("Minor", Value::str(self.minor.as_str())),
        ]
    }

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        fields.insert(1, ("normalizedVersion", Value::str(self.normalized.as_str())));
        fields
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(self.fields())
    }

    fn arity(&self, _method: &str) -> Option<usize> {
        Some(0)
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "String" | "GitVersion")
    }

    fn call(&self, name: &str, _args: &[Value]) -> Option<Result<Value, String>> {
        match name {
            "String" => Some(Ok(Value::str(self.normalized.as_str()))),
            "GitVersion" => Some(Ok(Value::str(self.version.as_str()))),
            _ => None,
        }
    }

    fn to_text_in_place(&self) -> Option<Str> {
        Some(self.normalized.as_str().into())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for HelmVersion {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", self.version.into()),
            ("GitCommit", self.git_commit.into()),
            ("GitTreeState", self.git_tree_state.into()),
            ("GoVersion", self.go_version.into()),
            ("KubeClientVersion", self.kube_client_version.into()),
        ]
    }

    fn to_plain(&self) -> Value {
        Value::Map(Map::from_pairs(self.json_fields().unwrap_or_default()))
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        let names =
            ["version", "git_commit", "git_tree_state", "go_version", "kube_client_version"];
        Some(names.into_iter().zip(self.fields()).map(|(name, (_, value))| (name, value)).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities` itself; its parts are made once and shared.
#[derive(Debug)]
struct CapabilitiesObject {
    fields: Vec<(&'static str, Value)>,
}

impl Object for CapabilitiesObject {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields.clone()
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(self.fields())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Capabilities {
    /// Returns the object that templates see.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let versions = self.api_versions.iter().map(|v| Value::str(v.as_str())).collect();
        Value::object(CapabilitiesObject {
            fields: vec![
                ("KubeVersion", Value::object(self.kube_version.clone())),
                ("APIVersions", Value::List(List::typed(ListType::Versions, versions))),
                ("HelmVersion", Value::object(HELM_VERSION)),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_versions() {
        let gke = KubeVersion::parse("1.33.4-gke.1").unwrap();
        assert_eq!((gke.version.as_str(), gke.normalized.as_str()), ("v1.33.4-gke.1", "v1.33.4"));
        assert_eq!(KubeVersion::parse("v1.33").unwrap().minor, "33");
        assert_eq!(
            KubeVersion::parse("abc").unwrap_err().to_string(),
            "could not parse \"abc\" as version"
        );
    }
}
