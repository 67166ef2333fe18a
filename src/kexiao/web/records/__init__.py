"""What the app itself writes down: people with their roles, attempts to sign in, and long work."""
