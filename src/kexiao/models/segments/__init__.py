"""Groups of customers by a published rule: RFM segments and their movement, value tiers and concentration."""
