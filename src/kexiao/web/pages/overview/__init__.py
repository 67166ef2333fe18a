"""The overview 总览: what moved, how sure we are, what is due."""
