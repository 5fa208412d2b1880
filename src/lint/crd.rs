//! The rules of the files in `crds/`.

use super::object::Objects;
use super::source::{Entry, Source};
use super::{Report, Severity};

pub(super) fn check(source: &Source, report: &mut Report) {
    const FOLDER: &str = "crds/";
    match source.entry("crds") {
        Entry::Missing => return,
        Entry::File => {
            report.check(Severity::Error, FOLDER, Err("not a directory"));
            return;
        }
        Entry::Folder => {}
    }
    let chart = match source.load(report) {
        Ok(chart) => chart,
        Err(error) => {
            report.check(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    for crd in chart.crds() {
        let path = &crd.file.name;
        for object in Objects::new(crd.file.data.as_bytes()) {
            let object = match object {
                Ok(None) => continue,
                Ok(Some(object)) => object,
                Err(error) => {
                    report.check(Severity::Error, path, Err(error));
                    return;
                }
            };
            let group = if object.api_version.starts_with("apiextensions.k8s.io") {
                Ok(())
            } else {
                Err("apiVersion is not in 'apiextensions.k8s.io'")
            };
            report.check(Severity::Error, path, group);
            let kind = if object.kind == "CustomResourceDefinition" {
                Ok(())
            } else {
                Err("object kind is not 'CustomResourceDefinition'")
            };
            report.check(Severity::Error, path, kind);
        }
    }
}
