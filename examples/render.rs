//! Renders a chart, as `helm template` does.
//!
//! `cargo run --example render -- charts/hello [VALUES.yaml…]`

use std::error::Error;
use std::io;
use std::path::Path;

use rhumb::chart;
use rhumb::manifest::{self, Notes, PrintOptions};
use rhumb::template::function::Env;
use rhumb::template::{self, Capabilities, Context, ReleaseContext};
use rhumb::values::{self, ValueSources};

fn main() -> Result<(), Box<dyn Error>> {
    run(std::env::args().skip(1), &mut io::stdout())
}

/// Renders the chart that the first argument names with the values files that follow.
pub(crate) fn run(
    mut arguments: impl Iterator<Item = String>,
    out: &mut dyn io::Write,
) -> Result<(), Box<dyn Error>> {
    let chart = arguments.next().ok_or("usage: render CHART [VALUES.yaml…]")?;
    let sources = ValueSources { values: arguments.collect(), ..ValueSources::default() };

    // Each step returns its warnings beside its result; a program that shows them takes
    // `.warnings` too.
    let chart = chart::load(Path::new(&chart))?.value;
    chart.check_dependencies()?;
    let user = sources.read(&mut io::stdin())?;
    let chart = values::process_dependencies(chart, &user).value?;
    let values = values::merge(&chart, &user).value?;

    let context = Context {
        release: ReleaseContext {
            name: "example".to_owned(),
            namespace: "default".to_owned(),
            revision: 1,
            is_upgrade: false,
        },
        capabilities: Capabilities::default(),
    };
    let rendered = template::render(&chart, &values, &context, &Env::new())?;
    let manifest = manifest::parse(rendered.texts(), chart.name(), Notes::Root)?;

    let text = manifest::print_template(&manifest, &[], PrintOptions::default());
    out.write_all(&text)?;
    Ok(())
}
