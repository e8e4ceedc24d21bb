"""Many checks, one question: what changed, what would change, what to change, who is the weakest attacker."""
