"""Initiatives 成效: the plans by status, what is overdue, and whether each one worked."""
