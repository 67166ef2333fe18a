"""Improvement 改进: what moved and where it came from, what may help, and writing a plan down."""
