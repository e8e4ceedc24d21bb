"""What a design is: frozen values, no rules, no input or output.

Read in this order: `memory`, `protection`, `boot`, `keys`, `attacker`, `soc`, `design`.
"""
