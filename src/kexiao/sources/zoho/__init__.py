"""Zoho CRM, by its API version 8."""
