"""bootverify: a formal security-policy checker for secure-boot designs on microcontrollers.

Read in this order: `design` (what is checked), `machine` (what can happen), `policy` (what is claimed), `executor`
(what the boot does, byte by byte), `encoder` (the same for all histories at once), `check` (where the two meet and
verdicts are earned). Skip at first: `sources`, `report`, `cli`.
"""

__version__ = "0.1.0"
