"""Key material in bytes: what is in a file, where, and which key it is; never its value.

Read `find` (the nouns), `scan` (what is asked of which bytes), `forms` (key files and their encodings), `scalars`
(raw numbers that belong to a public key), then `sums` for the algebra that makes every offset affordable; `kernel` does
the same by compiled code. `opened` reads encrypted images with the keys that are there. `pieces`
takes files apart; `rsa` and `seeds` hold what has no such algebra.
"""
