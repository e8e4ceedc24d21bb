"""Units in the field: made with one release, updated with others, each program from the release that brought it.

Read `release` (what a build is here), `unit` (a device whose programs come from several builds), `storage` (what the
application keeps), `film` (how a release reaches a unit), `cuts` (the power lost at every operation of that),
`network` (the release of the second core).
"""
