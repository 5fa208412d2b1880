use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError};

use super::discovery_cache::DiscoveryCache;
use super::throttle::Throttle;
use super::{ConnectError, Discovery, LogReader, Observer, ServerVersion};
use crate::chart::io_text;

/// How to reach the cluster. What is `None` comes from the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectOptions {
    /// The kubeconfig file. Defaults to the files in `KUBECONFIG`, then `~/.kube/config`, then the
    /// service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// Kubeconfig files in place of those that `KUBECONFIG` lists. Those that do not exist are
    /// passed over, as long as one does.
    pub kubeconfig_list: Vec<PathBuf>,
    /// The context of the kubeconfig. Defaults to its current one.
    pub context: Option<String>,
    /// The address of the server.
    pub api_server: Option<String>,
    /// The bearer token.
    pub token: Option<String>,
    /// The file of certificates that the server's must descend from.
    pub ca_file: Option<PathBuf>,
    /// The user to act as.
    pub as_user: Option<String>,
    /// The groups to act as.
    pub as_groups: Vec<String>,
    /// Whether the server's certificate goes unchecked.
    pub insecure_skip_tls_verify: bool,
    /// The name the server's certificate must have.
    pub tls_server_name: Option<String>,
    /// The namespace to work in. Defaults to that of the context, then `default`.
    pub namespace: Option<String>,
    /// Who is at work, for others that meet a lock.
    pub user: String,
    /// The folder of kubectl's caches, in which what the server serves is kept; `None` keeps nothing.
    pub caches: Option<PathBuf>,
    /// Requests a second once a number of them has gone out in a burst. Defaults to as fast as the
    /// server answers.
    pub throttle: Option<(f32, u32)>,
}

/// Where the server is, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Its address without a slash at the end.
    pub base: String,
    /// Host and port.
    pub address: String,
}

impl Server {
    fn of(url: &http::Uri) -> Self {
        let port =
            url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
        Server {
            base: url.to_string().trim_end_matches('/').to_owned(),
            address: format!("{}:{port}", url.host().unwrap_or_default()),
        }
    }
}

/// What is known of what a server serves, and whether it has said so itself.
pub(super) type KnownDiscovery = Option<(Arc<Discovery>, bool)>;

/// A connection to a cluster.
#[derive(Clone)]
pub struct Cluster {
    pub(super) client: kube::Client,
    pub(super) namespace: String,
    pub(super) user: String,
    pub(super) server: Server,
    pub(super) version: Arc<Mutex<Option<ServerVersion>>>,
    /// What the server serves, and whether it has said so itself.
    pub(super) discovery: Arc<Mutex<KnownDiscovery>>,
    /// What earlier commands have learnt of it.
    pub(super) discovery_cache: Option<DiscoveryCache>,
    /// Whether that is out of date.
    pub(super) distrusts_cache: Arc<AtomicBool>,
    /// Who watches waits.
    pub(super) observer: Option<Observer>,
    /// Who is told what hooks wrote.
    pub(super) log_reader: Option<LogReader>,
    /// Whether the server has answered before.
    pub(super) reached: Arc<AtomicBool>,
    pub(super) throttle: Option<Arc<Throttle>>,
    /// Whether the server keeps nothing of what is written.
    pub(super) rehearses: bool,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Makes a connection. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ConnectError`] when the kubeconfig cannot be used.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let config = config(options).await?;
        let namespace = config.default_namespace.clone();
        let server = Server::of(&config.cluster_url);
        let client = kube::Client::try_from(config)
            .map_err(|error| ConnectError::Client(Box::new(error)))?;
        let user = options.user.clone();
        let throttle = options.throttle.map(|(rate, burst)| Arc::new(Throttle::new(rate, burst)));
        let caches = options.caches.as_deref();
        let discovery_cache = caches.and_then(|caches| DiscoveryCache::of(caches, &server.base));
        let cluster = Cluster::with_client(client, namespace);
        Ok(Cluster { user, server, discovery_cache, throttle, ..cluster })
    }

    /// Wraps a client, so that tests can put layers under it.
    #[must_use]
    pub fn with_client(client: kube::Client, namespace: impl Into<String>) -> Self {
        let namespace = namespace.into();
        Cluster {
            client,
            namespace,
            user: String::new(),
            server: Server::default(),
            version: Arc::default(),
            discovery: Arc::default(),
            discovery_cache: None,
            distrusts_cache: Arc::default(),
            observer: None,
            log_reader: None,
            reached: Arc::default(),
            throttle: None,
            rehearses: false,
        }
    }

    /// Lets someone watch the waits.
    #[must_use]
    pub fn observed_by(self, observer: Observer) -> Self {
        Cluster { observer: Some(observer), ..self }
    }

    /// Lets someone know what hooks wrote.
    #[must_use]
    pub fn read_by(self, reader: LogReader) -> Self {
        Cluster { log_reader: Some(reader), ..self }
    }

    /// Returns the namespace to work in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Forgets which kinds the server knows, after CRDs were written.
    pub fn forget_discovery(&self) {
        self.distrusts_cache.store(true, Ordering::Relaxed);
        *self.discovery.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Reads several kubeconfig files as one: what earlier ones say stands. `None` when none exists.
///
/// # Errors
/// The first file that cannot be read.
pub fn merged_kubeconfig(paths: &[PathBuf]) -> Result<Option<Kubeconfig>, KubeconfigError> {
    let mut merged: Option<Kubeconfig> = None;
    for path in paths.iter().filter(|path| path.exists()) {
        let config = Kubeconfig::read_from(path)?;
        merged = Some(match merged {
            Some(before) => before.merge(config)?,
            None => config,
        });
    }
    Ok(merged)
}

async fn config(options: &ConnectOptions) -> Result<Config, ConnectError> {
    let choice = KubeConfigOptions { context: options.context.clone(), cluster: None, user: None };
    let kubeconfig = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path).map(Some),
        None => match merged_kubeconfig(&options.kubeconfig_list) {
            Ok(None) => match Kubeconfig::read() {
                Err(KubeconfigError::ReadConfig(error, _))
                    if error.kind() == std::io::ErrorKind::NotFound =>
                {
                    Ok(None)
                }
                Err(KubeconfigError::FindPath) => Ok(None),
                result => result.map(Some),
            },
            result => result,
        },
    }
    .map_err(|error| match (error, &options.kubeconfig) {
        (KubeconfigError::Parse(error), Some(path)) => {
            let text = error.to_string().replace("<input>", &path.display().to_string());
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let path = path.display();
            ConnectError::Kubeconfig(format!("error loading config file \"{path}\": {text}"))
        }
        (error, _) => kubeconfig_error(error),
    })?;
    let mut config = match kubeconfig {
        Some(kubeconfig) => {
            // Clusters and users may come from options alone.
            Config::from_custom_kubeconfig(kubeconfig, &choice).await.map_err(kubeconfig_error)?
        }
        None => match (Config::incluster(), &options.api_server) {
            (Ok(config), _) => config,
            (Err(_), Some(url)) => Config::new(parse_url(url)?),
            (Err(_), None) => {
                return Err(ConnectError::NoKubeconfig);
            }
        },
    };
    if config.root_cert.as_ref().is_some_and(Vec::is_empty) && options.ca_file.is_none() {
        let path = "certificate-authority-data".to_owned();
        return Err(ConnectError::NoCertificate { path });
    }
    if let Some(url) = &options.api_server {
        config.cluster_url = parse_url(url)?;
    }
    if let Some(token) = &options.token {
        config.auth_info.token = Some(token.clone().into());
        config.auth_info.token_file = None;
    }
    if let Some(path) = &options.ca_file {
        let error = |source| ConnectError::Certificate { path: path.display().to_string(), source };
        let pem = std::fs::read(path).map_err(error)?;
        let certificates = certificates(&pem);
        if certificates.is_empty() {
            return Err(ConnectError::NoCertificate { path: path.display().to_string() });
        }
        config.root_cert = Some(certificates);
        config.root_cert_file = None;
    }
    if let Some(user) = &options.as_user {
        config.auth_info.impersonate = Some(user.clone());
    }
    if !options.as_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.as_groups.clone());
    }
    if options.insecure_skip_tls_verify {
        config.accept_invalid_certs = true;
    }
    if let Some(name) = &options.tls_server_name {
        config.tls_server_name = Some(name.clone());
    }
    if let Some(namespace) = &options.namespace {
        config.default_namespace.clone_from(namespace);
    }
    Ok(config)
}

/// Takes the certificates of a PEM file, as DER.
fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let text = String::from_utf8_lossy(pem);
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|part| part.split("-----END CERTIFICATE-----").next())
        .filter_map(|body| {
            let body: String = body.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(body).ok()
        })
        .collect()
}

fn parse_url(url: &str) -> Result<http::Uri, ConnectError> {
    let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    full.parse().map_err(|_| ConnectError::Url { url: url.to_owned() })
}

fn kubeconfig_error(error: KubeconfigError) -> ConnectError {
    match error {
        KubeconfigError::LoadContext(name) => ConnectError::Context { name },
        KubeconfigError::CurrentContextNotSet => ConnectError::NoContext,
        KubeconfigError::ReadConfig(error, path) => {
            ConnectError::Kubeconfig(format!("stat {}: {}", path.display(), io_text(&error)))
        }
        KubeconfigError::Parse(error) => {
            ConnectError::Kubeconfig(format!("error loading config file: {error}"))
        }
        KubeconfigError::ParseClusterUrl(error) => {
            ConnectError::Kubeconfig(format!("host must be a URL or a host:port pair: {error}"))
        }
        KubeconfigError::LoadClusterOfContext(name) => ConnectError::Kubeconfig(format!(
            "invalid configuration: cluster {name:?} of the context does not exist"
        )),
        KubeconfigError::LoadCertificateAuthority(error) => {
            data_error("certificate-authority", error)
        }
        KubeconfigError::LoadClientCertificate(error) => data_error("client-certificate", error),
        KubeconfigError::LoadClientKey(error) => data_error("client-key", error),
        other => ConnectError::Kubeconfig(other.to_string()),
    }
}

/// Words a failure to read a field of the kubeconfig or the file that the field names.
fn data_error(field: &str, error: LoadDataError) -> ConnectError {
    ConnectError::Kubeconfig(match error {
        LoadDataError::ReadFile(error, path) => format!(
            "invalid configuration: unable to read {field} {}: {}",
            path.display(),
            io_text(&error)
        ),
        LoadDataError::DecodeBase64(error) => {
            format!("error loading config file: illegal base64 data in {field}-data: {error}")
        }
        other @ LoadDataError::NoBase64DataOrFile => format!("{field}: {other}"),
    })
}
