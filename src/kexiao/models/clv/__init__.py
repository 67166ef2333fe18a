"""How often customers buy, for how long, how much they spend, and what they are worth: BG/NBD, Gamma-Gamma, lifetime value."""
