"""NSIB, the immutable first stage (b0) of the nRF Connect SDK, as its C code behaves.

Words first. The *provision data*, in one-time words or a locked flash page, name the two slots, the hashes of the
public keys that count, and the slots of a counter. Each image of the second stage carries a *fw_info* (magic, size,
version, address of its vector table) and, behind its code, a *validation info*: the public key and the signature. A
slot that does not verify is *invalidated* for good: one word of its fw_info is overwritten.

Read `boot` (the order of things), then `validation`, `storage`, `handover`; `release` and `config` say what varies,
`event` what comes out. `fwinfo` and `provision` are the formats, `maker` builds images and provision data.
"""

from bootverify.executor.nsib.boot import boot
from bootverify.executor.nsib.config import NsibConfig
from bootverify.executor.nsib.event import NsibResult
from bootverify.executor.nsib.release import NsibRelease, release_for

__all__ = ["NsibConfig", "NsibRelease", "NsibResult", "boot", "release_for"]
