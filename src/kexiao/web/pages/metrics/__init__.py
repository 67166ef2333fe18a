"""Metrics 指标: the catalogue with its values, and one metric opened."""
