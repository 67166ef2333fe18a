"""A company's own metrics: TOML in its workspace, read strictly into the very blocks of which the catalogue is made."""
