//! Events in, text out: one file per format.

pub(crate) mod bundle;
pub(crate) mod columns;
pub(crate) mod console;
pub(crate) mod events;
pub(crate) mod github;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod lint;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod tap;
pub(crate) mod words;
