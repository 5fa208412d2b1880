/// A version of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
}

impl Draft {
    /// The draft of a schema that does not name one.
    pub(super) const LATEST: Draft = Draft::Draft2020;

    /// Returns the draft with that `$schema`, which has no fragment.
    pub(super) fn from_url(url: &str) -> Option<Draft> {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
        Some(match rest.strip_prefix("json-schema.org/")? {
            "schema" => Draft::LATEST,
            "draft/2020-12/schema" => Draft::Draft2020,
            "draft/2019-09/schema" => Draft::Draft2019,
            "draft-07/schema" => Draft::Draft7,
            "draft-06/schema" => Draft::Draft6,
            "draft-04/schema" => Draft::Draft4,
            _ => return None,
        })
    }

    /// Returns the address of the metaschema.
    pub(super) fn url(self) -> &'static str {
        match self {
            Draft::Draft4 => "http://json-schema.org/draft-04/schema",
            Draft::Draft6 => "http://json-schema.org/draft-06/schema",
            Draft::Draft7 => "http://json-schema.org/draft-07/schema",
            Draft::Draft2019 => "https://json-schema.org/draft/2019-09/schema",
            Draft::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// Returns the keyword that names a schema.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Draft::Draft4 { "id" } else { "$id" }
    }
}

/// Returns the text of a published metaschema or vocabulary.
pub(super) fn published(url: &str) -> Option<&'static str> {
    macro_rules! file {
        ($path:literal) => {
            include_str!(concat!("metaschema/", $path, ".json"))
        };
    }
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    Some(match rest.strip_prefix("json-schema.org/")? {
        "schema" | "draft/2020-12/schema" => file!("2020-12/schema"),
        "draft/2020-12/meta/applicator" => file!("2020-12/meta/applicator"),
        "draft/2020-12/meta/content" => file!("2020-12/meta/content"),
        "draft/2020-12/meta/core" => file!("2020-12/meta/core"),
        "draft/2020-12/meta/format-annotation" => file!("2020-12/meta/format-annotation"),
        "draft/2020-12/meta/format-assertion" => file!("2020-12/meta/format-assertion"),
        "draft/2020-12/meta/meta-data" => file!("2020-12/meta/meta-data"),
        "draft/2020-12/meta/unevaluated" => file!("2020-12/meta/unevaluated"),
        "draft/2020-12/meta/validation" => file!("2020-12/meta/validation"),
        "draft/2019-09/schema" => file!("2019-09/schema"),
        "draft/2019-09/meta/applicator" => file!("2019-09/meta/applicator"),
        "draft/2019-09/meta/content" => file!("2019-09/meta/content"),
        "draft/2019-09/meta/core" => file!("2019-09/meta/core"),
        "draft/2019-09/meta/format" => file!("2019-09/meta/format"),
        "draft/2019-09/meta/meta-data" => file!("2019-09/meta/meta-data"),
        "draft/2019-09/meta/validation" => file!("2019-09/meta/validation"),
        "draft-07/schema" => file!("draft-07"),
        "draft-06/schema" => file!("draft-06"),
        "draft-04/schema" => file!("draft-04"),
        _ => return None,
    })
}
