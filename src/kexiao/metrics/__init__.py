"""The metric catalogue 指标目录: one file a theme, nothing in it but ``Metric(...)`` blocks. A new metric is a new block; the catalogue finds it."""
