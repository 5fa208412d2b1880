//! Lists of objects that are read as they come, in either of the formats of an API server.

mod json;
mod list;
mod protobuf;

pub(super) use list::{Items, ListMetadata, RawItem};
pub(super) use protobuf::Fields;
