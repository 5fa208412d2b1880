//! From flags to a post-renderer.

use super::{Failure, env};
use crate::postrender::{Error, PostRenderer};

/// What changes manifests after they are rendered.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PostRenderArgs {
    /// Plugin of the type postrenderer, or path of a program, that changes the manifests
    #[arg(long, value_name = "NAME")]
    post_renderer: Vec<String>,
    /// Argument for the post-renderer (can be repeated)
    #[arg(long, value_name = "ARGUMENT")]
    post_renderer_args: Vec<String>,
}

impl PostRenderArgs {
    /// Finds the post-renderer, if one was asked for.
    ///
    /// # Errors
    /// Helm's text when there is none of the name.
    pub fn find(&self) -> Result<Option<PostRenderer>, Failure> {
        let PostRenderArgs { post_renderer, post_renderer_args } = self;
        let failure = |name: &str, reason: &dyn std::fmt::Display| {
            Failure::new(format!(
                "invalid argument {name:?} for \"--post-renderer\" flag: {reason}"
            ))
        };
        let name = match post_renderer.as_slice() {
            [] => return Ok(None),
            [name] if name.is_empty() => return Ok(None),
            [name] => name,
            [_, second, ..] => {
                let reason = "cannot specify --post-renderer flag more than once";
                return Err(failure(second, &reason));
            }
        };
        let plugins = env::folder(env::HELM_PLUGINS);
        let plugins: Vec<_> = std::env::split_paths(&plugins).collect();
        let path = env::get("PATH").unwrap_or_default();
        let search: Vec<_> = std::env::split_paths(&path).collect();
        match PostRenderer::find(name, post_renderer_args, &plugins, &search, &env::get) {
            Ok(found) => Ok(Some(found)),
            Err(error @ Error::NotFound { .. }) => Err(failure(name, &error).with_hint(&format!(
                "there is neither a plugin {name:?} in {} nor a program of that path or name",
                plugins.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
            ))),
            Err(error) => Err(failure(name, &error)),
        }
    }
}
