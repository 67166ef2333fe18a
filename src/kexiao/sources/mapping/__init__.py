"""What a sheet is, what its columns mean, what its cells say: from text cells to rows of the canonical tables.

``recognise`` proposes a mapping, ``saved`` keeps it as TOML that people can edit, ``typed`` reads the cells, ``shaping`` makes the rows.
"""
