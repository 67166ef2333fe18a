"""What every number rests on: periods, the policy, the facts derived under it, the formula vocabulary and its evaluation."""
