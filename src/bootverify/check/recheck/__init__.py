"""The checker of certificates: reads the text alone and knows nothing of how it was made.

It shares no code with the encoder, the fixpoint or the prover; of bootverify it imports the solvers and the errors.
`reader` makes expressions of the text, `system` gives them sorts and a meaning, `verify` derives every question again
from system, lemmas and claim, and has the solvers answer it; `walk` evaluates the system, without any solver.
"""
