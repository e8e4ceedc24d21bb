"""May units in the field take a release, and what do they come out as?

Read `questions` (what is asked and answered), `words` (which things of two designs are the same thing), `pairs` (which
keys are the same key), `proposed` (two maps in one document), `result` (the design that a unit comes out as), `fleet`
(the units), `answers` (film by film), `files` (the bytes of builds, where there are any),
`second_core` (the network core).
"""
