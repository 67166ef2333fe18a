"""The kinds of sheet that Kexiao knows: one file a kind, found by walking this folder.

A file holds ``KIND`` (fields and their words) and ``MAKES`` (the canonical rows that it gives). Orders are shaped by code of their own.
"""
