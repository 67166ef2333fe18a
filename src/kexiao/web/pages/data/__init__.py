"""Data 数据: loads, quality, quarantine, undo, and loading files."""
