use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value as Json, json};

use super::discovery::{Discovery, items, join, text};

/// For how long kubectl believes its cache, and so do we.
const AGE: Duration = Duration::from_hours(6);
const GROUPS: &str = "servergroups.json";
const RESOURCES: &str = "serverresources.json";

/// What a server serves, in the files that kubectl and Helm keep of it and read, too.
///
/// What is here may be out of date. It is for commands that read or delete what a release has; those
/// that render or write ask the server.
#[derive(Clone, Debug)]
pub(super) struct DiscoveryCache {
    folder: PathBuf,
}

impl DiscoveryCache {
    /// Names the files of a server; `None` for an address that makes no name of a folder.
    pub(super) fn of(caches: &Path, base: &str) -> Option<Self> {
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_/.()".contains(c);
        let name: String = host.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let is_sound =
            !name.is_empty() && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_sound.then(|| DiscoveryCache { folder: caches.join("discovery").join(name) })
    }

    /// Reads what is kept; `None` unless all of it is there and young.
    pub(super) fn read(&self) -> Option<Discovery> {
        let groups = read_young(&self.folder.join(GROUPS))?;
        let mut discovery = Discovery::default();
        for version in items(&groups, "groups").flat_map(|group| items(group, "versions")) {
            let path = self.version_folder(text(&version["groupVersion"]))?.join(RESOURCES);
            discovery.add_resources(&read_young(&path)?);
        }
        discovery.serves("v1").then_some(discovery)
    }

    /// Keeps what a server has told in its two lists of groups. What cannot be written is left: the
    /// next command asks again.
    pub(super) fn write(&self, core: &Json, groups: &Json) {
        let all = || items(core, "items").chain(items(groups, "items"));
        let versions = || all().flat_map(|group| items(group, "versions"));
        if versions().any(|version| version["freshness"] == "Stale") {
            return;
        }
        for group in all() {
            let name = text(&group["metadata"]["name"]);
            for version in items(group, "versions") {
                let group_version = join(name, text(&version["version"]));
                let Some(folder) = self.version_folder(&group_version) else { return };
                if write_whole(&folder, RESOURCES, &resource_list(&group_version, version)).is_err()
                {
                    return;
                }
            }
        }
        // Last, so that it never speaks of files that are not there.
        let groups: Vec<_> = all().map(group_entry).collect();
        let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups});
        drop(write_whole(&self.folder, GROUPS, &list));
    }

    fn version_folder(&self, group_version: &str) -> Option<PathBuf> {
        let is_sound = group_version.split('/').all(|part| !matches!(part, "" | "." | ".."));
        is_sound.then(|| self.folder.join(group_version))
    }
}

fn read_young(path: &Path) -> Option<Json> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    let age = SystemTime::now().duration_since(written).unwrap_or_default();
    if age > AGE {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a file so that readers see the old one or the new one.
fn write_whole(folder: &Path, name: &str, content: &Json) -> std::io::Result<()> {
    let (path, text) = (folder.join(name), content.to_string());
    if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
        return fs::File::options().write(true).open(&path)?.set_modified(SystemTime::now());
    }
    make_folder(folder)?;
    let new = folder.join(format!("{name}.{}", std::process::id()));
    let written = fs::File::create(&new)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&new, &path));
    if written.is_err() {
        drop(fs::remove_file(&new));
    }
    written
}

/// Makes a folder for its owner, as kubectl does.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o750);
    }
    builder.create(folder)
}

fn group_entry(group: &Json) -> Json {
    let name = text(&group["metadata"]["name"]);
    let versions: Vec<_> = items(group, "versions")
        .map(|version| text(&version["version"]))
        .map(|version| json!({"groupVersion": join(name, version), "version": version}))
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    json!({"name": name, "versions": versions, "preferredVersion": preferred})
}

/// Turns a version in the aggregated form into the list that the server gives of it by itself.
fn resource_list(group_version: &str, version: &Json) -> Json {
    let mut list = Vec::new();
    for resource in items(version, "resources") {
        let (name, singular) = (text(&resource["resource"]), text(&resource["singularResource"]));
        let namespaced = resource["scope"] == "Namespaced";
        list.push(entry(name.to_owned(), singular, namespaced, resource));
        for subresource in items(resource, "subresources") {
            let name = format!("{name}/{}", text(&subresource["subresource"]));
            list.push(entry(name, singular, namespaced, subresource));
        }
    }
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list,
    })
}

fn entry(name: String, singular: &str, namespaced: bool, resource: &Json) -> Json {
    let kind = &resource["responseKind"];
    let mut entry = Map::new();
    entry.insert("name".to_owned(), name.into());
    entry.insert("singularName".to_owned(), singular.into());
    entry.insert("namespaced".to_owned(), namespaced.into());
    for field in ["group", "version"] {
        // Only where they are not those of the list.
        if !text(&kind[field]).is_empty() {
            entry.insert(field.to_owned(), kind[field].clone());
        }
    }
    entry.insert("kind".to_owned(), text(&kind["kind"]).into());
    entry.insert("verbs".to_owned(), resource["verbs"].clone());
    for field in ["shortNames", "categories"] {
        if let Some(words) = resource.get(field) {
            entry.insert(field.to_owned(), words.clone());
        }
    }
    Json::Object(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> (Json, Json) {
        let resource = |name: &str, kind: &str| {
            json!({"resource": name, "scope": "Namespaced", "singularResource": kind.to_lowercase(),
                "verbs": ["get"], "responseKind": {"group": "", "version": "", "kind": kind},
                "shortNames": ["x"], "subresources": [{"subresource": "scale", "verbs": ["get"],
                "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}]})
        };
        let group = |name: &str, resource: Json| {
            json!({"items": [{"metadata": {"name": name},
                "versions": [{"version": "v1", "resources": [resource]}]}]})
        };
        (group("", resource("pods", "Pod")), group("apps", resource("deployments", "Deployment")))
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let home = tempfile::tempdir().unwrap();
        let cache = DiscoveryCache::of(home.path(), "https://host-1:6443").unwrap();
        assert!(cache.folder.ends_with("discovery/host_1_6443"));
        assert!(cache.read().is_none());
        let (core, groups) = lists();
        cache.write(&core, &groups);
        let read = cache.read().unwrap();
        assert_eq!(read.find("apps/v1", "Deployment").unwrap().plural, "deployments");
        let expected =
            ["v1", "apps/v1", "apps/v1/Deployment", "apps/v1/Scale", "v1/Pod", "v1/Scale"];
        assert_eq!(read.api_versions(), expected);
        // As kubectl writes it.
        let text = fs::read_to_string(cache.folder.join("apps/v1/serverresources.json")).unwrap();
        assert_eq!(
            text,
            r#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"apps/v1","resources":[{"name":"deployments","singularName":"deployment","namespaced":true,"kind":"Deployment","verbs":["get"],"shortNames":["x"]},{"name":"deployments/scale","singularName":"deployment","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get"]}]}"#
        );
        // A part that is old, damaged or not there makes all of it useless.
        let path = cache.folder.join("apps/v1/serverresources.json");
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - AGE - Duration::from_mins(1)).unwrap();
        assert!(cache.read().is_none());
        cache.write(&core, &groups);
        assert!(cache.read().is_some());
        fs::write(&path, "{").unwrap();
        assert!(cache.read().is_none());
        fs::remove_file(&path).unwrap();
        assert!(cache.read().is_none());
    }

    #[test]
    fn what_a_server_is_not_sure_of_is_not_kept() {
        let home = tempfile::tempdir().unwrap();
        let cache = DiscoveryCache::of(home.path(), "https://a").unwrap();
        let (core, mut groups) = lists();
        groups["items"][0]["versions"][0]["freshness"] = "Stale".into();
        cache.write(&core, &groups);
        assert!(cache.read().is_none());
    }

    #[test]
    fn folders_stay_in_their_place() {
        let home = Path::new("/c");
        for base in ["https://", "https://a/../b", "https://.."] {
            assert!(DiscoveryCache::of(home, base).is_none(), "{base}");
        }
        let cache = DiscoveryCache::of(home, "https://r/k8s/clusters/c-1").unwrap();
        assert!(cache.folder.ends_with("discovery/r/k8s/clusters/c_1"));
    }
}
