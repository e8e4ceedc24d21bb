"""MCUboot's boot_go, step for step as boot/bootutil does it.

Words first. An image is a *header* (magic, sizes, version), a payload, and *TLVs* behind it: digest, key hash,
signature; those in the protected part are signed too. It runs from the *primary* slot; an update waits in the
*secondary* one. The end of each slot is its *trailer*: a *magic* that says it counts, *image_ok* (confirmed),
*copy_done* (a swap has ended), and a record of the progress of a swap, so that a boot after a power cut goes on where
that one stopped. What magic and image_ok of both trailers ask for is one of none, *test* (swap, and back at the boot
after, unless the image confirms itself), *perm* (swap for good) and *revert* (the way back).

Read `boot` (what goes in and comes out), then `loader` (overwrite-only, the swaps) or `direct_xip`; one file for each
upgrade mode, `swap` for what the three swaps share; `trailer` and `tlv` for the formats, `validate` for what counts
as an image. `config` describes a build, `state` what a run keeps in RAM. `sweep` cuts the power everywhere.
"""
