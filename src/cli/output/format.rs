use serde_json::Value as Json;

use crate::cli::{Failure, Ui};
use crate::{json, yaml};

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Format {
    /// For people.
    #[default]
    Table,
    /// One line of JSON.
    Json,
    /// YAML with sorted keys.
    Yaml,
}

/// The flag that picks the form.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(in crate::cli) struct OutputArgs {
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
}

impl Ui {
    /// Writes a result as JSON, as Go's encoder does, or as YAML.
    pub(in crate::cli) fn structured(&mut self, format: Format, json: Json) -> Result<(), Failure> {
        if format == Format::Yaml {
            return self.yaml(json);
        }
        // These occur in strings only, so that the text can be changed as a whole.
        let text = json
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029");
        self.out(text.as_bytes());
        self.out(b"\n");
        Ok(())
    }

    /// Writes YAML.
    pub(in crate::cli) fn yaml(&mut self, json: Json) -> Result<(), Failure> {
        let text = yaml::encode(&json::from_serde(json))
            .map_err(|error| Failure::new(error.to_string()))?;
        self.out(&text);
        Ok(())
    }
}
