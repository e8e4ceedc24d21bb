"""SPM's attribution of flash (nRF Connect SDK 1.5, subsys/spm/spm.c, spm_config_flash), region by region."""

from bootverify.design.boot import SetUpTrustZone
from bootverify.executor.device import Device
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, WRITE, Spu

ALL = READ | WRITE | EXECUTE | LOCK


def divide_flash(device: Device, step: SetUpTrustZone) -> None:
    """Secure below the region in which the non-secure image starts, non-secure from there on; all locked.

    A region that a boot stage has locked keeps its setting; the program does not look.
    """
    spu = device.spu
    assert isinstance(spu, Spu)
    first = (min(span.range.start for span in step.non_secure) - spu.start) // spu.granule
    ignored = 0
    for region in range(spu.count):
        ignored += not spu.write_register(region, ALL | SECURE if region < first else ALL)
    note = f"; {ignored} regions were locked and keep their setting" if ignored else ""
    border = spu.start + first * spu.granule
    device.log.append(f"{device.running}: SPU secure below {border:#x}, non-secure above, all access, locked{note}")
