//! The configuration: one TOML file plus `DRILLBELL__SECTION__KEY` from the environment, all problems at once.

pub mod limits;
