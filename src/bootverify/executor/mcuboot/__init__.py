"""MCUboot's boot_go, step for step as boot/bootutil does it.

Read `boot` (what goes in and comes out), then `loader` (overwrite-only, the swaps) or `direct_xip`; one file for each
upgrade mode, `swap` for what the three swaps share; `trailer` and `tlv` for the formats, `validate` for what counts as
an image. `config` describes a build, `state` what a run keeps in RAM. `sweep` cuts the power everywhere.
"""
