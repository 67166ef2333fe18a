"""Customers 客户: the largest, finding one, one customer's history, duplicates and merging."""
