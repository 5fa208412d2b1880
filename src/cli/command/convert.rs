//! `rhumb convert`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;

use crate::action::{self, Conversion, ConvertRequest, Fate, FileReport};
use crate::chart::{self, Chart};
use crate::cli::output::{Format, OutputArgs, Table};
use crate::cli::{Failure, Ui};
use crate::template::function::Env;
use crate::value::{Map, Value};
use crate::yaml;

/// Rewrite a chart's Go templates in Jinja where both make the same objects
///
/// Each template is written anew from its parsed tree. Then the chart is rendered with the old and
/// the new templates: with its defaults, its ci/*-values.yaml, the files given with --values, and
/// values made from the defaults (switches turned, empty things filled, keys taken away). A template
/// whose objects differ anywhere stays as it is, and so does one that has no counterpart in Jinja:
/// the two kinds work together in one chart.
///
/// The chart is not changed: the new one is written to a folder of its own, named with --output-dir.
/// Subcharts are taken over as they are
#[derive(Debug, clap::Args)]
pub struct ConvertArgs {
    /// Folder or archive of the chart
    #[arg(value_name = "CHART", value_hint = ValueHint::AnyPath)]
    chart: String,
    /// Folder to write the new chart to; must not exist [default: NAME-jinja]
    #[arg(short = 'd', long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "dry_run")]
    output_dir: Option<PathBuf>,
    /// Say what would become of each template, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Values to render with besides the chart's own (can be given several times)
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    values: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: ConvertArgs) -> Result<(), Failure> {
    let ConvertArgs { chart: path, output_dir, dry_run, values, output: OutputArgs { output } } =
        args;
    let source = action::find_chart(&path)?;
    let loaded = chart::load(&source).map_err(action::Error::from)?;
    loaded.warnings.iter().for_each(|warning| ui.warn(warning));
    let chart = loaded.value;
    let target = output_dir.unwrap_or_else(|| PathBuf::from(format!("{}-jinja", chart.name())));
    if !dry_run && fs::symlink_metadata(&target).is_ok() {
        return Err(Failure::new(format!("{} exists already", target.display()))
            .with_hint("name another folder with --output-dir"));
    }
    let given = values.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let env = Env::new();
    let converted = action::convert(ConvertRequest { chart, values: given, env: &env })?;
    converted.warnings.iter().for_each(|warning| ui.warn(warning));
    let conversion = converted.value;
    if !dry_run {
        write(&source, &conversion, &target).map_err(|error| {
            Failure::new(format!("cannot write {}: {}", target.display(), chart::io_text(&error)))
        })?;
    }
    report(ui, output, &conversion, (!dry_run).then_some(target.as_path()))
}

fn read(path: &Path) -> Result<(String, Map), Failure> {
    let name = path.display().to_string();
    let text = fs::read(path)
        .map_err(|error| Failure::new(format!("open {name}: {}", chart::io_text(&error))))?;
    match yaml::read(&text) {
        Ok(Value::Map(map)) => Ok((name, map)),
        Ok(Value::Nil) => Ok((name, Map::new())),
        Ok(_) => Err(Failure::new(format!("{name} is no map of values"))),
        Err(error) => Err(Failure::new(format!("failed to parse {name}: {error}"))),
    }
}

fn report(
    ui: &mut Ui,
    format: Format,
    conversion: &Conversion,
    target: Option<&Path>,
) -> Result<(), Failure> {
    let Conversion { files, cases, .. } = conversion;
    let count = conversion.converted().len();
    if format != Format::Table {
        let rows: Vec<_> = files.iter().map(row_json).collect();
        return ui.structured(
            format,
            json!({
                "files": rows,
                "converted": count,
                "total": files.len(),
                "cases": cases,
                "folder": target.map(|path| path.display().to_string()),
            }),
        );
    }
    let mut table = Table::limited(100);
    table.push(["TEMPLATE", "RESULT", "WHY"]);
    for FileReport { name, fate } in files {
        let (result, why) = match fate {
            Fate::Converted { raw: 0, .. } => ("converted", String::new()),
            Fate::Converted { raw: 1, .. } => ("converted", "1 raw hole".to_owned()),
            Fate::Converted { raw, .. } => ("converted", format!("{raw} raw holes")),
            Fate::Jinja => ("in Jinja", String::new()),
            Fate::Kept { reason, line: Some(line) } => ("kept", format!("line {line}: {reason}")),
            Fate::Kept { reason, line: None } => ("kept", reason.clone()),
        };
        table.push([name.clone(), result.to_owned(), why]);
    }
    ui.out(table.to_text().as_bytes());
    let place = target.map_or_else(String::new, |path| format!(", written to {}", path.display()));
    ui.say(&format!(
        "{count} of {} templates converted, equal in {cases} renders{place}",
        files.len()
    ));
    Ok(())
}

fn row_json(file: &FileReport) -> serde_json::Value {
    let FileReport { name, fate } = file;
    match fate {
        Fate::Converted { name: new, raw } => {
            json!({ "name": name, "result": "converted", "newName": new, "rawHoles": raw })
        }
        Fate::Jinja => json!({ "name": name, "result": "jinja" }),
        Fate::Kept { reason, line } => {
            json!({ "name": name, "result": "kept", "reason": reason, "line": line })
        }
    }
}

/// Writes the new chart under another name and gives it its own when it is whole.
fn write(source: &Path, conversion: &Conversion, target: &Path) -> io::Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let draft = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = fill(source, conversion, &draft).and_then(|()| fs::rename(&draft, target));
    if written.is_err() {
        // The first error is the one to tell; there may be no draft at all.
        drop(fs::remove_dir_all(&draft));
    }
    written
}

fn fill(source: &Path, conversion: &Conversion, draft: &Path) -> io::Result<()> {
    if let Some(parent) = draft.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::create_dir(draft)?;
    if source.is_dir() {
        copy(source, draft)?;
        for file in &conversion.files {
            if let Fate::Converted { .. } = file.fate {
                fs::remove_file(draft.join(&file.name))?;
            }
        }
        return write_templates(&conversion.chart, draft);
    }
    let bytes = chart::pack(&conversion.chart, None).map_err(io::Error::other)?;
    let found = chart::read_archive(&bytes).map_err(io::Error::other)?;
    for file in found {
        put(&draft.join(&file.name), file.data.as_bytes())?;
    }
    Ok(())
}

fn write_templates(chart: &Chart, draft: &Path) -> io::Result<()> {
    for file in &chart.templates {
        if crate::template::is_jinja(&file.name) {
            put(&draft.join(&file.name), file.data.as_bytes())?;
        }
    }
    Ok(())
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if fs::metadata(&source)?.is_dir() {
            fs::create_dir(&target)?;
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
