"""Answers that survey systems push: no page, an address that takes them in."""
