//! No code: `cargo insta` looks for snapshots below package folders only, so this one has to be a package.
