"""The second core beside a running chain: MCUboot's lock of the command block, its release, and an attacker's command.

The command block (subsys/pcd) lies in RAM of the application core. What decides who feeds b0n is the SPU's setting of
that RAM region when untrusted code runs (soc.md 6; ncs-boot 2.8).
"""

from bootverify.design.attacker import Capability
from bootverify.design.boot import Program, Stage
from bootverify.design.protection import Access, Attribution
from bootverify.executor.device import Device
from bootverify.executor.making import network_build
from bootverify.executor.making.vendor_build import RELEASE
from bootverify.executor.network.core import NetworkCore, Transfer, beside
from bootverify.executor.network.path import application_of
from bootverify.executor.network.pcd import BLOCK, COPY, REGION, Command
from bootverify.executor.spu_access import ram_region_set
from bootverify.executor.stages.b0n import B0n, start
from bootverify.executor.stages.network_update import Mediator, NetworkUpdate
from bootverify.executor.units.spu import LOCK, READ, SECURE, WRITE, Spu
from bootverify.executor.world import World
from bootverify.ranges import AddressRange

HIS_BUFFER = 0x8000  # bytes behind the block's region where hostile code keeps its image


def lock_block(device: Device, stage: Stage) -> None:
    """MCUboot makes the block's RAM region non-secure and read-only, where the design says that it does (pcd_lock_ram).

    Only the stage that verifies the network core's image does it, among the last things before it hands over.
    """
    told = application_of(device.design)
    if device.network is None or told is None or told.verified_by != stage.name or not isinstance(device.guard, Spu):
        return
    at = device.shared.start
    if not told.transfer_locked:
        why = "is left writable" if told.transfer_locked is False else "is not locked: nothing tells"
        device.log.append(f"{stage.name}: transfer RAM at {at:#x} {why}")
        return
    ram_region_set(device.guard, (at - device.guard.ram_start) // REGION, READ | LOCK, RELEASE)
    area = AddressRange.sized(at, REGION)
    device.log.append(f"{stage.name}: transfer RAM {area}: non-secure, read-only, locked until reset")


def give_block(device: Device) -> None:
    """TF-M makes the block's RAM region non-secure: the network core is, behind it.

    It leaves it writable as long as the device is to be provisioned (TF-M's Nordic target_cfg, REGION_PCD_SRAM); a
    region that MCUboot has locked stays as it is.
    """
    if device.network is None or not isinstance(device.guard, Spu):
        return
    at = device.shared.start
    if ram_region_set(device.guard, (at - device.guard.ram_start) // REGION, READ | WRITE | LOCK, RELEASE):
        area = AddressRange.sized(at, REGION)
        device.log.append(f"{device.running}: transfer RAM {area}: non-secure, read and write, locked")


def release(device: Device) -> None:
    """The application core lets the network core run: b0n, and what it starts.

    A secure application keeps that core's accesses secure (Zephyr, soc/nordic/nrf53, nrf53_cpunet_mgmt); TF-M makes
    them non-secure and locks that (soc.md 6).
    """
    core = device.network
    if core is None:
        return
    if isinstance(device.guard, Spu):
        secure = SECURE if device.design.stages[-1].attribution is Attribution.SECURE else LOCK
        device.guard.write_external(secure)
    core.log.clear()
    ended = start(core, view(device))
    device.log += [f"b0n: {line}" for line in core.log]
    if ended.how is not B0n.STARTED:
        device.log.append(f"b0n: {ended.how.value}{f': {ended.why}' if ended.why else ''}")


def commanded(device: Device, core: NetworkCore) -> NetworkUpdate:
    """MCUboot of this core commands the other one's b0n."""

    def make_secure(secure: bool) -> None:
        if isinstance(device.guard, Spu):
            device.guard.write_external(SECURE if secure else 0)

    def say(line: str) -> None:
        device.log.append(line if line.startswith("b0n: ") else f"{device.running}: {line}")

    return NetworkUpdate(core, view(device), make_secure, say)


def mediator(device: Device, core: NetworkCore) -> Mediator:
    """RAM of this core through which MCUboot's serial recovery hands an image to the other one."""
    return Mediator(commanded(device, core), device.shared.start // REGION * REGION + HIS_BUFFER)


def feed(device: Device, image: bytes, initiator: Attribution, *, offset: int | None) -> str:
    """Hostile code of that attribution commands b0n to copy `image`, and restarts that core; why not, or nothing.

    The image lies in RAM of his. The core's power (FORCEOFF) belongs to a peripheral that TF-M leaves to non-secure
    code, and that all code has without TF-M (soc.md 6).
    """
    core = device.network
    if core is None:
        return "the design has no second core that runs"
    at = device.shared.start
    told = application_of(device.design)
    if any(stage.program is Program.SPM for stage in device.design.stages) and not (told and told.transfer_locked):
        return "nothing tells what SPM leaves open of the transfer RAM"
    if not _may_write(device, at, initiator):
        return f"the transfer RAM at {at:#x} is read-only for him"
    if initiator is Attribution.SECURE and isinstance(device.guard, Spu):
        device.guard.write_external(SECURE)  # b0n has to write to RAM that is secure still
    buffer = at - at % REGION + HIS_BUFFER
    where = core.own.size if offset is None else offset
    command = Command(magic=COPY, data=buffer, length=len(image), offset=where)
    device.shared.data[: BLOCK.size] = command.pack()
    core.force_off()
    core.log.clear()
    seen = view(device)
    seen.readable = beside(image, buffer, seen.readable)
    ended = start(core, seen)
    device.log += [f"b0n: {line}" for line in core.log]
    device.shared.data[: BLOCK.size] = bytes(BLOCK.size)  # lest the next start obeys it again
    if ended.how is not B0n.COPIED:
        device.log.append(f"b0n: {ended.how.value}: {ended.why}")
        return ""
    core.force_off()
    release(device)
    return ""


def hostile(world: World) -> bool:
    """Whether code of the attacker's runs on the network core: his from the start, or put there."""
    core = world.device.network
    if core is None or core.started is None:
        return False
    return world.attacker.can(Capability.RUN_NETWORK_CORE) or core.hijacked or not genuine(core, world.design.releases)


def genuine(core: NetworkCore, releases: int) -> int:
    """The release that its application was started from; 0: none of the owner's."""
    held = core.started or b""
    return next((each for each in range(1, releases + 1) if held.startswith(network_build.released(core, each))), 0)


def program_at(device: Device, partition: str) -> AddressRange | None:
    """Where the program of the network core lies that a partition holds; None: it holds none."""
    core = device.network
    stage = next((each for each in device.design.network if each.partition == partition), None)
    if core is None or stage is None:
        return None
    return core.own if stage.boots else core.application


def view(device: Device) -> Transfer:
    """What the network core reaches now: with the attribution of the external domain, past the SPU.

    That it can read the command block is taken for granted, whatever the region says.
    """

    def readable(at: int, size: int) -> bytes | None:
        ends = (at, at + size - 1)
        seen = all(device.allows(each, Access.READ, domain(device)) for each in ends)
        return device.flash.read(at, size) if seen and device.flash.holds(at, size) else None

    return Transfer(device.shared, readable, lambda: _may_write(device, device.shared.start, domain(device)))


def domain(device: Device) -> Attribution:
    """With which attribution the network core reaches the memory of this one."""
    secure = isinstance(device.guard, Spu) and device.guard.external & SECURE
    return Attribution.SECURE if secure else Attribution.NON_SECURE


def _may_write(device: Device, at: int, initiator: Attribution) -> bool:
    """Whether the RAM region of the block takes a write; secure code may first open a region that is not locked."""
    spu = device.guard
    if not isinstance(spu, Spu):
        return True
    region = (at - spu.ram_start) // REGION
    if spu.permits(at, Access.WRITE, initiator):
        return True
    return initiator is Attribution.SECURE and not spu.ram[region] & LOCK
