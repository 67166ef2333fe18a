"""Databases: any table or query of PostgreSQL, MySQL or MariaDB, SQLite and DuckDB files, read only."""
