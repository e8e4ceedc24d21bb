"""TF-M's set-up of memory and peripherals on Nordic parts, register write by register write.

Read `layout` (the ranges), `layouts` (what the vendor's headers make of a partition table), then `spu_setup` (nRF5340,
nRF91) or `mpc_setup` (nRF54L), `peripherals` and `platform`.
"""
