use futures::AsyncBufReadExt as _;
use http::{Method, Request, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;

use super::items::{Items, ListMetadata, RawItem};
use super::retry::Retry;
use super::{ApiError, Cluster, Unanswered};
use crate::plan::patch::Patch;

/// The content type of server-side apply. A JSON body is YAML, too.
const APPLY: &str = "application/apply-patch+yaml";
/// The content type of a list of changes.
const JSON_PATCH: &str = "application/json-patch+json";
pub(super) const JSON: &str = "application/json";
/// An object without its content, as far as the server can leave it out.
pub(super) const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// A list of such.
pub(super) const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// The same in the format that costs the server least.
pub(super) const COMPACT_METADATA_LIST: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
     application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// A list of whole objects in that format, of kinds that are not custom ones.
pub(super) const COMPACT_LIST: &str = "application/vnd.kubernetes.protobuf,application/json";
/// How rhumb calls itself as the owner of fields: as Helm does, since both own the same objects.
pub(super) const FIELD_MANAGER: &str = "helm";
/// The same of records and the like, for which Helm gives no name but that of its client.
const RECORD_MANAGER: &str = "Helm";

/// Whether unknown fields are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflicts {
    /// Fields of others are left alone, and the request fails.
    Refuse,
    /// Fields of others are taken over.
    Force,
}

impl Cluster {
    /// Says which request failed.
    pub(super) fn failed(&self, method: &Method, path: &str, error: kube::Error) -> ApiError {
        if let kube::Error::Api(status) = error {
            return ApiError::Status(status);
        }
        // Go has `Get` for `GET`.
        let (first, rest) = method.as_str().split_at(1);
        let (base, server) = (&self.server.base, &self.server.address);
        let request = format!("{first}{} \"{base}{path}\"", rest.to_lowercase());
        ApiError::Transport(Box::new(Unanswered { request, server: server.clone(), error }))
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T, ApiError> {
        self.send_with_accept(method, path, JSON, content_type, body).await.0
    }

    /// Sends a request, again if need be; returns the answer and whether an earlier try may have been
    /// carried out.
    async fn send_with_accept<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> (Result<T, ApiError>, bool) {
        let mut retry = Retry::new(&self.reached);
        loop {
            let answer = self.send_once(&method, path, accept, content_type, body.clone()).await;
            match retry.after(&answer) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return (answer, retry.is_repeated()),
            }
        }
    }

    async fn send_once<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<T, ApiError> {
        if let Some(throttle) = &self.throttle {
            throttle.wait().await;
        }
        let rehearsed;
        let path = if self.rehearses && *method != Method::GET {
            let joint = if path.contains('?') { '&' } else { '?' };
            rehearsed = format!("{path}{joint}dryRun=All");
            &rehearsed
        } else {
            path
        };
        let failed = |error| self.failed(method, path, error);
        let mut request =
            Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let request = request.body(body).map_err(|error| failed(kube::Error::HttpError(error)))?;
        let text = self.client.request_text(request).await.map_err(failed)?;
        serde_json::from_str(&text).map_err(ApiError::Answer)
    }

    /// Reads a list as it arrives and hands over each item, without holding more than one.
    ///
    /// A list that breaks off is read anew, so that an item may come twice.
    pub(super) async fn each_item(
        &self,
        path: &str,
        mut accept: &str,
        mut take: impl FnMut(RawItem<'_>),
    ) -> Result<ListMetadata, ApiError> {
        let mut retry = Retry::new(&self.reached);
        loop {
            let answer = self.each_item_once(path, accept, &mut take).await;
            // The server words its refusals in the same format, which nobody here reads.
            if accept == COMPACT_LIST && answer.as_ref().is_err_and(is_unread) {
                accept = JSON;
                continue;
            }
            match retry.after(&answer) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return answer,
            }
        }
    }

    async fn each_item_once(
        &self,
        path: &str,
        accept: &str,
        take: &mut impl FnMut(RawItem<'_>),
    ) -> Result<ListMetadata, ApiError> {
        if let Some(throttle) = &self.throttle {
            throttle.wait().await;
        }
        let failed = |error| self.failed(&Method::GET, path, error);
        let request = Request::get(path).header(header::ACCEPT, accept).body(Vec::new());
        let request = request.map_err(|error| failed(kube::Error::HttpError(error)))?;
        let body = self.client.request_stream(request).await.map_err(failed)?;
        let mut body = std::pin::pin!(body);
        let mut items = Items::default();
        loop {
            let piece = body.fill_buf().await;
            let piece = piece.map_err(|error| failed(kube::Error::ReadEvents(error)))?;
            if piece.is_empty() {
                break;
            }
            items.read(piece, &mut *take);
            let length = piece.len();
            body.consume_unpin(length);
        }
        if items.is_done() {
            Ok(items.metadata())
        } else {
            let error = <serde_json::Error as serde::de::Error>::custom("the list breaks off");
            Err(ApiError::Answer(error))
        }
    }

    pub(super) async fn get_path(&self, path: &str) -> Result<Json, ApiError> {
        self.send(Method::GET, path, JSON, Vec::new()).await
    }

    /// Reads what is no JSON, such as a log.
    pub(super) async fn text(&self, path: &str) -> Result<String, ApiError> {
        let failed = |error| self.failed(&Method::GET, path, error);
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| failed(kube::Error::HttpError(error)))?;
        self.client.request_text(request).await.map_err(failed)
    }

    /// Reads an object as the text that came, for those who read little of it.
    pub(super) async fn get_text(&self, path: &str) -> Result<String, ApiError> {
        let mut retry = Retry::new(&self.reached);
        loop {
            if let Some(throttle) = &self.throttle {
                throttle.wait().await;
            }
            let answer = self.text(path).await;
            match retry.after(&answer) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return answer,
            }
        }
    }

    pub(super) async fn get_with_accept(&self, path: &str, accept: &str) -> Result<Json, ApiError> {
        self.send_with_accept(Method::GET, path, accept, JSON, Vec::new()).await.0
    }

    /// Reads an object; `None` when there is none.
    pub(super) async fn get_optional(&self, path: &str) -> Result<Option<Json>, ApiError> {
        match self.get_path(path).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes an object in a collection.
    pub(super) async fn post(&self, collection: &str, body: &Json) -> Result<Json, ApiError> {
        let (answer, repeated) = self.post_repeated(collection, body, RECORD_MANAGER).await;
        match answer {
            // What is in the way may be what an earlier try has made.
            Err(error) if repeated && error.is_conflict() => {
                let name = body["metadata"]["name"].as_str().unwrap_or_default();
                match self.get_optional(&format!("{collection}/{name}")).await {
                    Ok(Some(live)) if has(&live, body) => Ok(live),
                    _ => Err(error),
                }
            }
            answer => answer,
        }
    }

    /// Makes an object in a collection; tells, too, whether an earlier try may have made it.
    pub(super) async fn post_repeated(
        &self,
        collection: &str,
        body: &Json,
        manager: &str,
    ) -> (Result<Json, ApiError>, bool) {
        let path = format!("{collection}?fieldManager={manager}");
        let text = body.to_string().into_bytes();
        self.send_with_accept(Method::POST, &path, JSON, JSON, text).await
    }

    pub(super) async fn put(&self, path: &str, body: &Json) -> Result<(), ApiError> {
        let path = format!("{path}?fieldManager={RECORD_MANAGER}");
        let body = body.to_string().into_bytes();
        let answer = self.send_with_accept(Method::PUT, &path, METADATA, JSON, body).await.0;
        answer.map(|_: IgnoredAny| ())
    }

    /// Replaces an object; unknown fields are refused.
    pub(super) async fn put_strictly(&self, path: &str, body: &Json) -> Result<(), ApiError> {
        let path = format!("{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict");
        let put = self.send(Method::PUT, &path, JSON, body.to_string().into_bytes()).await;
        put.map(|_: IgnoredAny| ())
    }

    /// Changes an object by a patch.
    pub(super) async fn merge(&self, path: &str, change: &Patch) -> Result<(), ApiError> {
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        let (content_type, body) = change.request();
        let body = body.to_string().into_bytes();
        self.send(Method::PATCH, &path, content_type, body).await.map(|_: IgnoredAny| ())
    }

    /// Writes the fields that `body` has, as their owner; returns what became of the object, as far as
    /// `T` holds it.
    pub(super) async fn apply<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Json,
        conflicts: Conflicts,
    ) -> Result<T, ApiError> {
        let force = conflicts == Conflicts::Force;
        let path =
            format!("{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict&force={force}");
        self.send(Method::PATCH, &path, APPLY, body.to_string().into_bytes()).await
    }

    pub(super) async fn json_patch(&self, path: &str, changes: &Json) -> Result<(), ApiError> {
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        let body = changes.to_string().into_bytes();
        self.send(Method::PATCH, &path, JSON_PATCH, body).await.map(|_: IgnoredAny| ())
    }

    /// Deletes an object; it is no error if there is none.
    pub(super) async fn delete(&self, path: &str, propagation: &str) -> Result<(), ApiError> {
        let body = serde_json::json!({
            "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation,
        });
        match self.send(Method::DELETE, path, JSON, body.to_string().into_bytes()).await {
            Ok(IgnoredAny) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects of a list, page by page.
    pub(super) async fn list(&self, path: &str, query: &str) -> Result<Vec<Json>, ApiError> {
        self.list_with(path, query, JSON, |item| item).await
    }

    /// Reads a list page by page, and keeps what is made of each object.
    pub(super) async fn list_with<T>(
        &self,
        path: &str,
        query: &str,
        accept: &str,
        keep: impl Fn(Json) -> T,
    ) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let joint = if query.is_empty() { "" } else { "&" };
            let path = format!("{path}?{query}{joint}limit=500{next}");
            let mut page = self.get_with_accept(&path, accept).await?;
            if let Json::Array(more) = page["items"].take() {
                items.extend(more.into_iter().map(&keep));
            }
            match page["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => {
                    next = format!("&continue={}", escape(token));
                }
                _ => return Ok(items),
            }
        }
    }
}

/// Returns whether a refusal is not in JSON.
fn is_unread(error: &ApiError) -> bool {
    match error {
        ApiError::Status(status) => status.reason == "Failed to parse error data",
        ApiError::Transport(unanswered) => matches!(unanswered.error, kube::Error::FromUtf8(_)),
        ApiError::Answer(_) => false,
    }
}

/// Returns whether an object has all fields that `wanted` has.
fn has(live: &Json, wanted: &Json) -> bool {
    match (live, wanted) {
        (Json::Object(live), Json::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| value.is_null() || live.get(key).is_some_and(|l| has(l, value))),
        (live, wanted) => live == wanted,
    }
}

/// Escapes text for a query.
pub(super) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
    out
}
