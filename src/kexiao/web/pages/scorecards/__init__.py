"""Scorecards 评估: how good is it, how sure are we, and closing the quarter."""
