"""The one way out 出口: every request to a system outside goes through this guarded client, and nothing else opens a connection."""
