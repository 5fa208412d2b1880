//! The least that a render has to do: takes the files out of a chart, reads the YAML of its values
//! and writes a given output. `scripts/bench` measures by it how far rhumb is from the floor.
//!
//! `cargo run --release --example floor -- CHART OUTPUT`

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use rhumb::{chart, yaml};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(chart), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: floor CHART OUTPUT".into());
    };
    let chart = Path::new(&chart);
    if chart.is_dir() {
        read_folder(chart)?;
    } else {
        read_package(&fs::read(chart)?)?;
    }
    io::stdout().write_all(&fs::read(output)?)?;
    Ok(())
}

fn read_package(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    for file in chart::read_archive(bytes)? {
        read_file(&file.name, file.data.as_bytes())?;
    }
    Ok(())
}

fn read_folder(folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path)?;
        } else {
            read_file(&path.to_string_lossy(), &fs::read(&path)?)?;
        }
    }
    Ok(())
}

fn read_file(name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let is_package = Path::new(name).extension().is_some_and(|extension| extension == "tgz");
    if base == "values.yaml" {
        yaml::read(bytes)?;
    } else if is_package && name.contains("charts/") {
        read_package(bytes)?;
    }
    Ok(())
}
