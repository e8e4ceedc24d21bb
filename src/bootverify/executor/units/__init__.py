"""The units that guard memory, keys and the debug port: registers, what locks them, what a reset restores.

In front of the internal memory stands one of `spu` (nRF5340, nRF91: regions, secure or not), `acl` (nRF52840 and
others: entries that deny), `bprot` (nRF52832: bits) or `rramc` (nRF54L: two regions). On nRF54L `mpc` says what bus
masters reach and `sau` what the CPU does. `kmu` and `kmu_v2` hold keys that only the engine sees; `debug_port` says
who gets in.
"""
