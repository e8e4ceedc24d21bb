"""NSIB, the immutable first stage (b0) of the nRF Connect SDK, as its C code behaves.

Read `boot` (the order of things), then `validation`, `storage`, `handover`; `release` and `config`
say what varies, `event` what comes out. `fwinfo` and `provision` are the formats, `maker` builds
images and provision data.
"""

from bootverify.executor.nsib.boot import boot
from bootverify.executor.nsib.config import NsibConfig
from bootverify.executor.nsib.event import NsibResult
from bootverify.executor.nsib.release import NsibRelease, release_for

__all__ = ["NsibConfig", "NsibRelease", "NsibResult", "boot", "release_for"]
