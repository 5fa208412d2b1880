use std::error::Error as StdError;
use std::fmt;

use super::contest::Contest;
use super::interrupt::Cause;
use super::store::StoreError;
use crate::chart::io_text;
use crate::manifest::Event;
use crate::plan::{BodyError, ResourceId};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The kubeconfig has no such context. The text is Helm's.
    #[error("kubernetes cluster unreachable: context {name:?} does not exist")]
    Context {
        /// The name.
        name: String,
    },
    /// There is neither a kubeconfig nor a service account.
    #[error("kubernetes cluster unreachable: there is no kubeconfig")]
    NoKubeconfig,
    /// The kubeconfig names no context.
    #[error("kubernetes cluster unreachable: the kubeconfig has no current context")]
    NoContext,
    /// The kubeconfig cannot be used.
    #[error("kubernetes cluster unreachable: {0}")]
    Kubeconfig(String),
    /// The server's address is none.
    #[error("kubernetes cluster unreachable: host must be a URL or a host:port pair: {url:?}")]
    Url {
        /// The address.
        url: String,
    },
    /// A file of certificates cannot be read.
    #[error("kubernetes cluster unreachable: invalid configuration: unable to read certificate-authority {path}: {}", io_text(.source))]
    Certificate {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file has no certificate in it.
    #[error(
        "kubernetes cluster unreachable: unable to load root certificates: unable to parse bytes as PEM block: `{path}` has no certificate"
    )]
    NoCertificate {
        /// The file, or the field of the kubeconfig.
        path: String,
    },
    /// The client cannot be made.
    #[error("kubernetes cluster unreachable: {}", transport_text("", .0))]
    Client(Box<kube::Error>),
    /// The server does not answer.
    #[error("kubernetes cluster unreachable: {0}")]
    Unreachable(ApiError),
}

/// Why a request failed.
#[derive(Debug)]
pub enum ApiError {
    /// The server refused.
    Status(Box<kube::core::Status>),
    /// There was no answer.
    Transport(Box<Unanswered>),
    /// The answer makes no sense.
    Answer(serde_json::Error),
}

/// A request that got no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// What was asked for, as Go names it: `Get "https://10.0.0.1:6443/version"`.
    pub request: String,
    /// Host and port of the server.
    pub server: String,
    /// Why.
    pub error: kube::Error,
}

impl Unanswered {
    /// Returns whether the connection was cut after it had been made.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        let mut source: Option<&(dyn StdError + 'static)> = Some(&self.error);
        while let Some(error) = source {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(
                    io.kind(),
                    ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof
                )
            {
                return true;
            }
            source = error.source();
        }
        false
    }
}

impl ApiError {
    /// Returns the HTTP code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            ApiError::Status(status) => Some(status.code),
            _ => None,
        }
    }

    /// Returns whether the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Returns whether the object exists already or has changed meanwhile.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Status(status) => f.write_str(&status.message),
            ApiError::Transport(unanswered) => {
                let Unanswered { request, server, error } = unanswered.as_ref();
                write!(f, "{request}: {}", transport_text(server, error))
            }
            ApiError::Answer(error) => write!(f, "unexpected answer: {error}"),
        }
    }
}

impl StdError for ApiError {}

/// Returns why there was no answer, as Go words it where the reason is a common one.
fn transport_text(server: &str, error: &kube::Error) -> String {
    let mut text = None;
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(auth) = error.downcast_ref::<kube::client::AuthError>() {
            text = text.or_else(|| login_text(auth));
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            text = Some(format!("dial tcp {server}: connect: connection refused"));
        }
        if error.to_string() == "dns error" {
            let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
            text = Some(format!("dial tcp: lookup {host}: no such host"));
        }
        source = error.source();
    }
    text.unwrap_or_else(|| chain(error))
}

/// Returns why the kubeconfig's login failed.
fn login_text(error: &kube::client::AuthError) -> Option<String> {
    use kube::client::AuthError;
    Some(match error {
        AuthError::AuthExecStart(error) => {
            format!("getting credentials: exec: {}", io_text(error))
        }
        AuthError::AuthExecRun { cmd, out } => {
            let command = program_of(cmd);
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.trim();
            let code = out.status.code().map_or_else(|| out.status.to_string(), |c| c.to_string());
            let text = format!(
                "getting credentials: exec: executable {command} failed with exit code {code}"
            );
            if said.is_empty() { text } else { format!("{text}: {said}") }
        }
        AuthError::ReadTokenFile(error, path) => {
            format!("open {}: {}", path.display(), io_text(error))
        }
        _ => return None,
    })
}

/// Takes the program out of a command as Rust prints it: `NAME="value" "program" "argument"`.
fn program_of(command: &str) -> String {
    let (mut quoted, mut escaped, mut bare) = (false, false, true);
    let mut program = None::<String>;
    for c in command.chars() {
        match (c, &mut program) {
            (c, Some(text)) if escaped => text.push(c),
            (_, None) if escaped => {}
            ('\\', _) if quoted => {
                escaped = true;
                continue;
            }
            ('"', Some(text)) => return std::mem::take(text),
            // A value follows its name and `=` at once.
            ('"', program) if !quoted && bare => *program = Some(String::new()),
            ('"', None) => quoted = !quoted,
            (c, Some(text)) => text.push(c),
            (c, None) => bare = c == ' ',
        }
        quoted |= program.is_some();
        escaped = false;
    }
    command.to_owned()
}

/// Returns the causes of an error, innermost last, without those that repeat the one before.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut source = Some(error);
    let mut texts: Vec<String> = Vec::new();
    while let Some(error) = source {
        let text = error.to_string();
        // kube's errors print their source as well.
        if let Some(last) = texts.last_mut()
            && last.ends_with(&text)
        {
            let keep = last.len() - text.len();
            last.truncate(keep);
            let trimmed = last.trim_end_matches([' ', ':']).len();
            last.truncate(trimmed);
        }
        texts.push(text);
        source = error.source();
    }
    texts.retain(|text| !text.is_empty() && text != "HyperError" && text != "ServiceError");
    texts.join(": ")
}

/// An object that is not ready, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// The object.
    pub id: ResourceId,
    /// The state in kstatus' words: `InProgress`, `Failed`, `NotFound`, `Terminating`.
    pub state: &'static str,
    /// What is missing.
    pub message: String,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resource {} not ready. status: {}, message: {}",
            self.id, self.state, self.message
        )
    }
}

/// Why work on the cluster failed. Where scripts may read them, the texts are Helm's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kinds of some documents are not served.
    #[error("{}", no_matches(.0))]
    NoMatch(Vec<NoMatch>),
    /// A document has no kind or version.
    #[error("error validating \"\": error validating data: {0}")]
    Unset(&'static str),
    /// A document describes no object.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A document is not YAML.
    #[error(transparent)]
    Manifest(#[from] crate::manifest::Error),
    /// A read failed.
    #[error("could not get information about the resource {} {:?} in namespace {:?}: {source}",
        .id.kind, .id.name, .id.namespace.as_deref().unwrap_or(""))]
    Read {
        /// The object.
        id: ResourceId,
        /// Why.
        source: ApiError,
    },
    /// Fields belong to someone else.
    #[error("conflict occurred while applying object {}: {source}", gvk(.id))]
    Conflict {
        /// The object.
        id: ResourceId,
        /// What the server says.
        source: ApiError,
        /// The fields, with both values.
        contests: Vec<Contest>,
    },
    /// A write failed.
    #[error("server-side apply failed for object {}: {source}", gvk(.id))]
    Apply {
        /// The object.
        id: ResourceId,
        /// Why.
        source: ApiError,
    },
    /// A plain creation failed.
    #[error("{source}")]
    Create {
        /// Why.
        source: ApiError,
    },
    /// A patch failed.
    #[error("cannot patch {:?} with kind {}: {source}", .id.name, .id.kind)]
    Patch {
        /// The object.
        id: ResourceId,
        /// Why.
        source: ApiError,
    },
    /// A replacement failed.
    #[error("failed to replace object: {source}")]
    Replace {
        /// Why.
        source: ApiError,
    },
    /// An object that a revision adds could not be made.
    #[error("failed to create resource: {source}")]
    CreateResource {
        /// Why.
        source: Box<Error>,
    },
    /// A deletion failed.
    #[error("failed to delete {id}: {source}")]
    Delete {
        /// The object.
        id: ResourceId,
        /// Why.
        source: ApiError,
    },
    /// A namespace could not be made.
    #[error("failed to create namespace {name:?}: {source}")]
    Namespace {
        /// Its name.
        name: String,
        /// Why.
        source: ApiError,
    },
    /// A record could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hooks failed.
    #[error("{}{source}", hooks_failed(.event))]
    Hooks {
        /// The moment.
        event: Event,
        /// Why.
        source: Box<Error>,
    },
    /// The object of a hook could not be made.
    #[error("warning: Hook {event} {path} failed: {source}")]
    HookCreate {
        /// The moment.
        event: Event,
        /// The template of the hook.
        path: String,
        /// Why.
        source: Box<Error>,
    },
    /// The Pod of a test cannot be read.
    #[error("unable to get pod {name}: {source}")]
    HookPod {
        /// Its name.
        name: String,
        /// Why.
        source: ApiError,
    },
    /// What a Pod wrote cannot be read.
    #[error("unable to get pod logs for {pod}: {source}")]
    HookLog {
        /// The name of the Pod.
        pod: String,
        /// Why.
        source: ApiError,
    },
    /// Objects failed for good.
    #[error("{}", lines(.0))]
    Failed(Vec<Unready>),
    /// Objects were not ready in time.
    #[error("{}context deadline exceeded", lines_before(.0))]
    NotReady(Vec<Unready>),
    /// Objects were not ready in time by the rules of Helm 3, which does not say which.
    #[error("context deadline exceeded")]
    Late(Vec<Unready>),
    /// A rollback was followed by a wait that failed.
    #[error("release {name} failed: {source}")]
    Waited {
        /// The release.
        name: String,
        /// Why.
        source: Box<Error>,
    },
    /// Objects were not gone in time.
    #[error("{}context deadline exceeded", lines_before_gone(.0))]
    NotGone(Vec<Unready>),
    /// The time was over during something else than a wait.
    #[error("{doing}: context deadline exceeded")]
    Deadline {
        /// What was being done.
        doing: String,
    },
    /// The work was ended from outside.
    #[error("{0}")]
    Interrupted(Cause),
    /// The discovery of the server's kinds failed.
    #[error("could not get server kinds: {0}")]
    Discovery(ApiError),
    /// Several of these at once.
    #[error("{}", lines(.0))]
    Several(Vec<Error>),
}

impl Error {
    /// Returns the objects that others have set fields of, if that is the error, and which.
    #[must_use]
    pub fn contested(&self) -> Vec<(&ResourceId, &[Contest])> {
        match self {
            Error::Conflict { id, contests, .. } if !contests.is_empty() => vec![(id, contests)],
            Error::CreateResource { source } | Error::Hooks { source, .. } => source.contested(),
            Error::Several(errors) => errors.iter().flat_map(Error::contested).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns whether the server did not find what a request was about.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Error::Apply { source, .. } | Error::Create { source } => source.is_not_found(),
            _ => false,
        }
    }

    /// Returns whether it was not the objects themselves that failed, but hooks or the wait for them.
    #[must_use]
    pub fn is_after_objects(&self) -> bool {
        matches!(self, Error::Hooks { .. } | Error::Waited { .. })
    }

    /// Returns the objects that were not ready, if that is the error.
    #[must_use]
    pub fn unready(&self) -> &[Unready] {
        match self {
            Error::Failed(unready)
            | Error::NotReady(unready)
            | Error::Late(unready)
            | Error::NotGone(unready) => unready,
            Error::Hooks { source, .. } | Error::Waited { source, .. } => source.unready(),
            Error::Several(errors) => {
                errors.iter().map(Error::unready).find(|unready| !unready.is_empty()).unwrap_or(&[])
            }
            _ => &[],
        }
    }
}

/// A kind that the server does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMatch {
    /// The name of the object.
    pub name: String,
    /// The namespace the document names, empty for none.
    pub namespace: String,
    /// The kind.
    pub kind: String,
    /// The API version.
    pub api_version: String,
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "resource mapping not found for name: {:?} namespace: {:?} from \"\": no matches for \
             kind {:?} in version {:?}\nensure CRDs are installed first",
            self.name, self.namespace, self.kind, self.api_version
        )
    }
}

fn no_matches(problems: &[NoMatch]) -> String {
    match problems {
        [one] => one.to_string(),
        many => {
            format!("[{}]", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns Helm's words before the failure of a hook, which differ from verb to verb.
fn hooks_failed(event: &Event) -> String {
    match event {
        Event::PreUpgrade | Event::PostUpgrade => format!("{event} hooks failed: "),
        Event::PreRollback | Event::PostRollback | Event::Test => String::new(),
        _ => format!("failed {event}: "),
    }
}

fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn lines_before(items: &[Unready]) -> String {
    items.iter().fold(String::new(), |text, item| text + &item.to_string() + "\n")
}

fn lines_before_gone(items: &[Unready]) -> String {
    items.iter().fold(String::new(), |text, item| {
        let status = "Terminating, message: Resource scheduled for deletion";
        text + &format!("resource {} still exists. status: {status}\n", item.id)
    })
}

/// `prod/web apps/v1, Kind=Deployment`, as Go prints an object and its kind.
fn gvk(id: &ResourceId) -> String {
    let name = match &id.namespace {
        Some(namespace) => format!("{namespace}/{}", id.name),
        None => id.name.clone(),
    };
    let version = if id.api_version.contains('/') {
        id.api_version.clone()
    } else {
        format!("/{}", id.api_version)
    };
    format!("{name} {version}, Kind={}", id.kind)
}

#[cfg(test)]
mod tests {
    use super::program_of;

    #[test]
    fn programs_are_told_from_variables_and_arguments() {
        for (command, expected) in [
            ("\"aws\" \"eks\" \"get-token\"", "aws"),
            ("A=\"1\" B=\"x \\\" y\" \"/bin/p q\" \"z\"", "/bin/p q"),
            ("A=\"{\\\"a\\\": \\\"b\\\"}\" \"p\"", "p"),
            ("p", "p"),
        ] {
            assert_eq!(program_of(command), expected, "{command}");
        }
    }
}
