"""Where the two sides meet: questions about a design, answered by proof, by replay, or by an admission.

1. `question`, `verdict`: what is asked, and with what it is answered.
2. `run` answers all questions about a design; `session` those about many that differ little. The kind of a claim
   decides who answers: `layout`, `support`, `told` (with `forger`, `retired`), and `decide` for what can happen to a
   device.
3. `proof`: a design and an attacker as a theory, which proves claims with lemmas and searches for ways to break them.
   `solver` is the only file that knows SMT solvers.
4. `replays`: what is run on the executor, and whether the encoder foresaw it. Only what happens there breaks a claim.
5. `facts` finds the lines of the input that decide; `tell` and `advice` put an answer into words; `unsettled` takes
   back what the input leaves open.
6. `certificate` writes proofs out; `recheck`, which knows nothing of how they were made, checks them.

To skip at first: `relevant` and `side_by_side` save time; `stand_ins` serve attackers without moves of their own;
`accepted` holds waivers; `conform` plays recordings.
"""
