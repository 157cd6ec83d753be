"""How good the matching is: the replay on synthetic retail, scored against the truth, beside two naive methods."""
