//! rhumb renders and releases Helm charts: the output is Helm's to the byte, and a release made by
//! rhumb is a release to Helm.
//!
//! # The path
//!
//! Bytes become a release in one direction. Each arrow is one function in one module; each verb
//! is a stretch of this path.
//!
//! ```text
//! bytes -> Chart -> values -> Rendered -> Manifest -> Plan -> what the cluster did
//!  chart    values   template   manifest    plan     cluster
//! ```
//!
//! | step | function |
//! | --- | --- |
//! | a folder or archive becomes a chart | [`chart::load`] |
//! | files and `--set` flags become the user's values | [`values::ValueSources::read`] |
//! | subcharts are switched on and off | [`values::process_dependencies`] |
//! | the user's values and the charts' defaults are merged | [`values::merge`] |
//! | templates become text | [`template::render`] |
//! | text becomes objects, hooks and notes | [`manifest::parse`] |
//! | what was, shall be and is becomes operations | [`plan::build`] |
//!
//! Up to here nothing knows of the network, the environment or the terminal. `cluster` observes
//! before and executes after planning; `action` walks the path for each verb; `cli` is what users
//! type and see.
//!
//! # Modules
//!
//! Each imports from those above it only.
//!
//! | module | job |
//! | --- | --- |
//! | [`value`] | values as templates know them: Go's types, shared maps |
//! | [`diagnostic`] | errors as data: message, place, trace |
//! | [`glob`], [`version`] | file name patterns; versions and constraints |
//! | [`json`], [`yaml`] | reading and writing by Helm's rules |
//! | [`chart`] | charts from folders and archives |
//! | [`values`] | merging, the `--set` grammar, schemas |
//! | [`template`] | the engines for Go templates and Jinja, and their functions |
//! | `fetch` | charts and files from repositories, registries and other servers |
//! | `provenance` | signatures of charts |
//! | [`postrender`] | rendered files through a program of the user's |
//! | [`manifest`] | documents in order of installation, hooks, notes |
//! | [`lint`] | the rules of `helm lint` |
//! | [`release`] | releases and their records |
//! | [`plan`] | the operations of a verb |
//! | `cluster` | all that talks to an API server |
//! | [`action`] | one function for each verb |
//! | `cli` | the command line |
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `cli` | yes | the `rhumb` binary, [`clap`](https://docs.rs/clap) derives on options |
//! | `fetch` | yes, by `cli` | the module `fetch`: charts and values from servers |
//! | `jinja` | yes | templates in Jinja, `*.j2` and `*.jinja` |
//! | `provenance` | yes | the module `provenance`: `--verify`, `package --sign` |
//! | `cluster` | yes | the module `cluster` and the verbs that need one |
//!
//! Without any the crate is the renderer alone.
//!
//! # Example
//!
//! ```
//! use rhumb::chart::{Chart, File, Metadata};
//! use rhumb::manifest::{self, Notes};
//! use rhumb::template::function::Env;
//! use rhumb::template::{self, Capabilities, Context, ReleaseContext};
//! use rhumb::values::{self, ValueSources};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut chart = Chart::new(Metadata { name: "web".to_owned(), ..Metadata::default() });
//! chart.templates.push(File {
//!     name: "templates/config.yaml".to_owned(),
//!     data: "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Values.color }}\n".into(),
//!     modified: None,
//! });
//!
//! let sources = ValueSources { set: vec!["color=red".to_owned()], ..ValueSources::default() };
//! let user = sources.read(&mut std::io::empty())?;
//! let chart = values::process_dependencies(chart, &user).value?;
//! let values = values::merge(&chart, &user).value?;
//!
//! let context = Context {
//!     release: ReleaseContext {
//!         name: "shop".to_owned(),
//!         namespace: "default".to_owned(),
//!         revision: 1,
//!         is_upgrade: false,
//!     },
//!     capabilities: Capabilities::default(),
//! };
//! let rendered = template::render(&chart, &values, &context, &Env::new())?;
//! let manifest = manifest::parse(rendered.texts(), chart.name(), Notes::Root)?;
//!
//! assert_eq!(manifest.documents[0].head.name, "shop-red");
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` has two programs more: one renders a chart from files, one plans an upgrade.

pub mod action;
pub mod chart;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod diagnostic;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod glob;
mod go;
pub mod json;
pub mod lint;
pub mod manifest;
mod parallel;
pub mod plan;
pub mod postrender;
#[cfg(feature = "provenance")]
pub mod provenance;
pub mod release;
pub mod template;
pub mod value;
pub mod values;
pub mod version;
pub mod yaml;
