"""Proofs of claims about all histories, and searches for a history that breaks them.

1. `prove`: a design and an attacker, by the theory of the system that the two make. `theory` proves and searches it.
2. Candidate lemmas come from `fixpoint`, which visits no states: `boxes` keeps the values of each variable at each
   location, `term_ranges` those of a term, `apart` takes transitions apart first. `visited` makes lemmas of what a
   search met.
3. `keeping` asks a solver which lemmas each step keeps; `invariant` picks the few that a proof rests on.
4. `search` looks for the shortest way to a bad state. What it finds is a suggestion.
"""
