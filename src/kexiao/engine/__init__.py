"""Where data live and queries run: the workspace folder, the versioned store, the audit log, DuckDB and the SQL dialects."""
