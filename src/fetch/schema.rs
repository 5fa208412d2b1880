use std::thread;
use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::http::{parse_url, read_body, unanswered};
use super::{Access, Client, Limit};

/// How long a schema may take: rendering waits for it.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Fetches a schema that another one refers to, at most 16 MiB.
///
/// It may be called anywhere, also on a thread of an asynchronous runtime.
///
/// # Errors
/// Helm's text.
pub fn fetch_schema(url: &str) -> Result<Vec<u8>, String> {
    // The client blocks, which is not allowed on a thread of a runtime.
    let fetched = thread::scope(|scope| scope.spawn(|| fetch(url)).join());
    fetched.unwrap_or_else(|_| Err(format!("HTTP request failed for {url}")))
}

fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let parsed = parse_url(url).map_err(|error| error.to_string())?;
    let client = Client::with_timeout(&Access::default(), TIMEOUT).map_err(|e| e.to_string())?;
    let response = client
        .request(Method::GET, &parsed)
        .send()
        .map_err(|error| unanswered("Get", &parsed, error))
        .map_err(|error| format!("HTTP request failed for {url}: {error}"))?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(format!(
            "HTTP request to {url} returned status {} ({})",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default()
        ));
    }
    read_body(response, url, Limit::Values).map_err(|error| error.to_string())
}
