"""Any paged JSON API, described in a source file."""
