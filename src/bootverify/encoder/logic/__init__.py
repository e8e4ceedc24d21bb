"""The language of the encoder: terms, transition systems made of them, and both written out for whoever answers.

`terms`, then `system`; `obligations` (what proves an invariant), `smtlib` and `script` (the text that solvers read);
`pycode` (the same system as Python, to search in). Nothing here knows of a device.
"""
