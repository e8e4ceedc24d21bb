"""The boot stages, one function for each call that a vendor's `main()` makes; `run` calls them in turn.

In the order of a boot: `protect` (fprotect: a stage denies writing to itself until reset), `nsib` (b0 picks and
starts the second stage), `mcuboot` (boot_go: update, verify, choose), `network` and `network_update` (what MCUboot
does for the second core), `tfm` or the older `spm` (memory is divided in two), `first_run` (an image copies its keys
into the KMU), `b0n` (the second core's boot loader). Beside them stand the ways in: `update_client` (the application
takes an update) and `serial_recovery` (MCUboot takes an image by wire). Each holds what the call does on a device; the
vendor's own code, which is long, is in `nsib`, `mcuboot` and `tfm` beside this folder.
"""
