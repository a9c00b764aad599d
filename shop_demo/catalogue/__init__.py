"""The shop's goods as data: one TOML file per category, written by hand."""
