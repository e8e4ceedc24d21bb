"""A device that holds the bytes of a real build, booted with real cryptography.

Read `boot` (the order of things), then `board` (which bytes lie where), `first_stage` (NSIB), `loader` (MCUboot),
`hand_over` (locks, TF-M, application), `network` (the second core) and `updates` (the files of later builds). What
neither bytes nor configuration tell is tried in every way that they allow: where all end alike the log says so, else
the boot ends open.
"""
