"""MCUboot's part of a network core update: the command to b0n, and the answer (subsys/pcd, ncs-boot 2.8)."""

from collections.abc import Callable

from bootverify.executor.network_core import NetworkCore, Transfer
from bootverify.executor.pcd import BLOCK, COPY, Command
from bootverify.executor.stages.b0n import B0n, start


def update(
    core: NetworkCore,
    transfer: Transfer,
    make_secure: Callable[[bool], None],
    *,
    data: int,
    length: int,
    say: Callable[[str], None],
) -> bool:
    """Have `length` bytes at `data` copied behind b0n; whether b0n reports success.

    In order: the domain becomes secure (not locked), the core is held off, the command is written, the core released
    and waited for. On success it is held off again and the domain set back, on failure the domain alone.
    `make_secure` sets the attribution of the network core's accesses (EXTDOMAIN of the SPU).
    """
    make_secure(True)
    core.force_off()
    command = Command(magic=COPY, data=data, length=length, offset=core.own.size)
    transfer.ram.data[: BLOCK.size] = command.pack()
    say(f"network core update: {length:#x} bytes at {data:#x} are to be copied by b0n")
    core.log.clear()
    ended = start(core, transfer)
    for line in core.log:
        say(f"b0n: {line}")
    if ended.how is B0n.COPIED:
        core.force_off()
    else:
        say(f"b0n: {ended.how.value}: {ended.why}")
    make_secure(False)
    return ended.how is B0n.COPIED
