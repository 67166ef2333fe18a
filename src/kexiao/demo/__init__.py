"""The made-up company 演示企业: a tea retailer drawn from the very models that we fit, with its truth kept beside its files."""
