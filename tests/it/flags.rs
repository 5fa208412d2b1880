//! The commands and flags of Helm beside those of rhumb: names, letters, kinds, defaults.
//!
//! `tests/fixtures/flags.txt` is what the real Helm has; `scripts/record-flags` writes it.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use rhumb::cli::Cli;

/// Commands of Helm that rhumb does not have, with the reason.
const NO_COMMANDS: [(&str, &str); 6] = [
    ("/plugin", "not there yet"),
    ("/pull", "not there yet"),
    ("/push", "not there yet"),
    ("/registry", "not there yet"),
    ("/repo", "not there yet"),
    ("/search", "not there yet"),
];

/// Flags of Helm that rhumb does not have or has otherwise: command, flag, reason.
const OTHERWISE: [(&str, &str, &str); 3] = [
    ("/install", "post-renderer", "kept as a list, to refuse a second one as Helm does"),
    ("/template", "post-renderer", "as above"),
    ("/upgrade", "post-renderer", "as above"),
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Flag {
    letter: String,
    kind: String,
    has_optional_value: bool,
    is_hidden: bool,
    default: String,
}

#[derive(Debug, Default)]
struct Known {
    aliases: BTreeSet<String>,
    flags: BTreeMap<String, Flag>,
}

fn recorded() -> BTreeMap<String, Known> {
    let text = include_str!("../fixtures/flags.txt");
    let mut commands: BTreeMap<String, Known> = BTreeMap::new();
    let mut path = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[0] == "command" {
            words[1].clone_into(&mut path);
            let aliases = words[2..].iter().map(|&alias| alias.to_owned()).collect();
            commands.insert(path.clone(), Known { aliases, ..Known::default() });
            continue;
        }
        let default = line.split_once(" =").map_or("", |(_, default)| default.trim());
        let flag = Flag {
            letter: words[1].replace('-', ""),
            kind: words[2].to_owned(),
            has_optional_value: words.get(3) == Some(&"optional"),
            is_hidden: words.get(3) == Some(&"hidden"),
            default: default.to_owned(),
        };
        commands.get_mut(&path).unwrap().flags.insert(words[0].to_owned(), flag);
    }
    commands
}

fn find<'a>(command: &'a Command, path: &str) -> Option<&'a Command> {
    let mut words = path.split('/').filter(|word| !word.is_empty());
    words.try_fold(command, |command, word| command.find_subcommand(word))
}

fn arg<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long() == Some(name) || aliases.contains(&name)
    })
}

/// Tells how a flag of rhumb's is not Helm's.
fn difference(arg: &Arg, flag: &Flag) -> Option<String> {
    let letter = arg.get_short().map(String::from).unwrap_or_default();
    if letter != flag.letter {
        return Some(format!("letter {letter:?}"));
    }
    let action = arg.get_action();
    let least = arg.get_num_args().map_or(1, |range| range.min_values());
    let is_switch = match action {
        ArgAction::SetTrue | ArgAction::Help => true,
        // A switch that is on by default.
        ArgAction::Set => least == 0 && arg.get_value_names().is_some_and(|n| n[0] == "BOOL"),
        _ => false,
    };
    if is_switch != (flag.kind == "bool") {
        return Some(format!("switch {is_switch}"));
    }
    if flag.is_hidden {
        return (!arg.is_hide_set()).then(|| "shown".to_owned());
    }
    if arg.is_hide_set() && arg.get_long() != Some("disable-openapi-validation") {
        return Some("hidden".to_owned());
    }
    let lists =
        ["strings", "stringArray", "stringToString", "postRendererArgsSlice", "stringSlice"];
    let is_list = matches!(action, ArgAction::Append);
    if is_list != lists.contains(&flag.kind.as_str()) {
        return Some(format!("repeated {is_list}"));
    }
    if !is_switch && (least == 0) != flag.has_optional_value {
        return Some(format!("value optional {}", least == 0));
    }
    let defaults = arg.get_default_values();
    if let Some(default) = defaults.first() {
        let default = default.to_string_lossy();
        let is_zero =
            flag.default.is_empty() && (default == "0" || is_switch && default == "false");
        if default != flag.default && !is_zero {
            return Some(format!("default {default:?}"));
        }
    }
    None
}

#[test]
fn commands_and_flags_are_helms() {
    let mut command = Cli::command();
    command.build();
    let recorded = recorded();
    let globals: Vec<&str> = recorded["/"].flags.keys().map(String::as_str).collect();
    let mut problems = Vec::new();
    let mut otherwise: BTreeSet<(&str, &str)> =
        OTHERWISE.iter().map(|(path, flag, _)| (*path, *flag)).collect();
    for (path, known) in &recorded {
        let gap =
            NO_COMMANDS.iter().find(|(gap, _)| path == gap || path.starts_with(&format!("{gap}/")));
        let ours = find(&command, path);
        match (gap, ours) {
            (Some(_), None) => continue,
            (Some((gap, _)), Some(_)) => {
                problems.push(format!("{gap} is there now: take it off the list"));
                continue;
            }
            (None, None) => {
                problems.push(format!("{path} is missing"));
                continue;
            }
            (None, Some(_)) => {}
        }
        let Some(ours) = ours else { continue };
        let aliases: BTreeSet<String> = ours.get_all_aliases().map(str::to_owned).collect();
        if aliases != known.aliases {
            problems.push(format!("{path}: aliases {aliases:?}, Helm's are {:?}", known.aliases));
        }
        for (name, flag) in &known.flags {
            let found = match arg(ours, name) {
                None => Some("missing".to_owned()),
                Some(arg) => difference(arg, flag),
            };
            let is_expected = otherwise.remove(&(path.as_str(), name.as_str()));
            match (found, is_expected) {
                (None, true) => problems.push(format!("{path} --{name}: take it off the list")),
                (Some(text), false) => problems.push(format!("{path} --{name}: {text}; {flag:?}")),
                (Some(_), true) | (None, false) => {}
            }
        }
        for name in &globals {
            if arg(ours, name).is_none() {
                problems.push(format!("{path} --{name}: missing"));
            }
        }
    }
    problems.extend(otherwise.iter().map(|(path, flag)| format!("{path} --{flag}: Helm has none")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
