use crate::template::KubeVersion;
use crate::value::Map;
use crate::values::FetchSchema;
use crate::values::unread::ValueCheck;

/// What charts are checked with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The user's values.
    pub user_values: &'a Map,
    /// Which of them ought to be read by a template.
    pub check: Option<ValueCheck<'a>>,
    /// The namespace templates see.
    pub namespace: &'a str,
    /// The version of Kubernetes that templates see and that deprecations are told for; `None`
    /// for the one built in.
    pub kube_version: Option<&'a KubeVersion>,
    /// Whether `values.schema.json` is passed over.
    pub skip_schema_validation: bool,
    /// Gets the schemas of servers that a schema refers to.
    pub fetch_schema: Option<FetchSchema>,
}
