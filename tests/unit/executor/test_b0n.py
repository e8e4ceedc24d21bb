"""b0n, the network core's boot loader: what it protects, checks, copies and starts, and what it never looks at."""

import pytest

from bootverify.executor.crypto import RawP256Key
from bootverify.executor.making.network_build import image
from bootverify.executor.memory import Ram
from bootverify.executor.network.core import NetworkCore, Transfer
from bootverify.executor.network.pcd import (
    BLOCK,
    COPY,
    DONE,
    FAIL,
    LOCK_DEBUG,
    READ_VERSION,
    REGION,
    Command,
    Status,
    place,
)
from bootverify.executor.nsib.config import Magics, NsibConfig
from bootverify.executor.nsib.maker import provision
from bootverify.executor.nsib.release import RELEASE_2_6, RELEASE_MAIN
from bootverify.executor.stages.b0n import B0n, start
from bootverify.executor.stages.network_update import NetworkUpdate
from bootverify.ranges import AddressRange
from bootverify.sources.models import load_soc, second_core

KEY = RawP256Key("test key of tests/unit/executor/test_b0n.py")
OWN, APP = AddressRange(0x1000000, 0x1008800), AddressRange(0x1008800, 0x1040000)
SOURCE = 0x20010000


def core(*, release=RELEASE_MAIN, version: int = 1) -> NetworkCore:
    soc = second_core(load_soc("nrf5340"))
    assert soc is not None
    found = NetworkCore.blank(soc, OWN, APP, OWN.end - 0x280, release)
    config = NsibConfig(
        release=release, magics=Magics.of_hardware(53), bootloader=OWN, slot_size=APP.size, storage=found.storage
    )
    found.flash.load(found.storage, provision(config, slots=(APP.start, APP.start), public_keys=(KEY.public,)))
    found.flash.load(APP.start, image(found, "in the field", version=version, key=KEY))
    return found


def newer(network: NetworkCore, version: int = 2) -> bytes:
    return image(network, "the update", version=version, key=KEY)


def bus(data: bytes = b"", *, writable: bool = True) -> Transfer:
    """The shared RAM, and `data` at SOURCE of the application core's memory."""

    def readable(at: int, size: int) -> bytes | None:
        return data[at - SOURCE : at - SOURCE + size] if 0 <= at - SOURCE <= len(data) - size else None

    return Transfer(Ram(0x20000000, REGION), readable, lambda: writable)


def commanded(
    network: NetworkCore, data: bytes, *, offset: int = OWN.size, source: int = SOURCE
) -> tuple[Transfer, B0n, str]:
    transfer = bus(data)
    command = Command(magic=COPY, data=source, length=len(data), offset=offset)
    transfer.ram.data[: BLOCK.size] = command.pack()
    ended = start(network, transfer)
    return transfer, ended.how, ended.why


def test_it_starts_what_lies_in_its_slot_without_looking_at_digest_or_signature():
    network = core()
    network.flash.load(APP.start + 0x800, b"\x00\x11\x22")
    ended = start(network, bus())
    assert ended.how is B0n.STARTED
    assert ended.vectors == APP.start
    assert network.running


def test_on_the_plain_path_it_locks_itself_and_its_application_with_two_entries():
    network = core()
    start(network, bus())
    assert [entry[:2] for entry in network.acl.entries[:3]] == [[OWN.start, OWN.size], [APP.start, APP.size], [0, 0]]


@pytest.mark.parametrize("release", [RELEASE_2_6, RELEASE_MAIN])
def test_a_command_has_the_image_copied_and_answered_and_the_application_stays_unlocked(release):
    network = core(release=release)
    data = newer(network)
    transfer, how, _ = commanded(network, data)
    assert how is B0n.COPIED
    assert transfer.command.magic == DONE
    assert network.flash.read(APP.start, len(data)) == data
    assert network.acl.entries[1] == [0, 0, 0]
    assert not network.running


def test_an_image_whose_digest_is_wrong_is_not_copied_and_the_block_says_so():
    network = core()
    before = bytes(network.flash.data)
    data = bytearray(newer(network))
    data[0x900] ^= 1
    transfer, how, why = commanded(network, bytes(data))
    assert (how, why) == (B0n.FAILED, f"no valid firmware at {SOURCE:#x} (digest)")
    assert transfer.command.magic == FAIL
    assert network.flash.data == before


def test_a_signature_by_nobody_and_a_lower_version_are_taken():
    network = core(version=9)
    data = bytearray(newer(network, version=1))
    data[-64:] = bytes(64)  # r and s of the validation info
    assert commanded(network, bytes(data))[1] is B0n.COPIED


def test_an_image_for_another_address_is_refused():
    network = core()
    other = NetworkCore.blank(network.soc, OWN, AddressRange(APP.start + 0x800, APP.end), OWN.end - 0x280, RELEASE_MAIN)
    _, how, why = commanded(network, image(other, "elsewhere", version=2, key=KEY))
    assert (how, why) == (B0n.FAILED, f"no valid firmware at {SOURCE:#x} (it belongs to another address)")


def test_the_command_alone_says_where_to_so_bytes_beside_the_slot_are_written_and_reported_as_done():
    network = core()
    data = newer(network)
    beside = APP.start - network.flash.start + 0x20000
    transfer, how, _ = commanded(network, data, offset=beside)
    assert how is B0n.COPIED
    assert transfer.command.magic == DONE
    assert network.flash.read(network.flash.start + beside, len(data)) == data


def test_its_own_lock_comes_first_so_a_command_cannot_overwrite_it():
    network = core()
    _, how, why = commanded(network, newer(network), offset=0)
    assert how is B0n.FAULT
    assert "write at 0x1000000" in why


def test_a_source_that_the_other_core_does_not_show_hangs_it():
    network = core()
    assert commanded(network, newer(network), source=0x30000000)[1] is B0n.FAULT


def test_without_a_free_entry_it_fails_closed():
    network = core()
    for entry in range(8):
        network.acl.protect(entry, APP.start, 0x800, 2)
    ended = start(network, bus())
    assert ended.how is B0n.FAILED
    assert "cancels the start" in ended.why
    assert not network.running


def test_what_is_no_magic_of_its_own_counts_as_no_command():
    assert Command(magic=LOCK_DEBUG).status(locks_debug=False) is Status.FAILED
    assert Command(magic=LOCK_DEBUG).status(locks_debug=True) is Status.LOCK_DEBUG
    network = core()
    network.locks_debug = True
    transfer = bus()
    transfer.ram.data[:4] = LOCK_DEBUG.to_bytes(4, "little")
    assert start(network, transfer).how is B0n.COPIED
    assert network.debug_locked


def test_it_tells_the_version_of_its_application_where_it_is_built_to():
    network, transfer = core(version=7), bus()
    network.reads_version = True
    buffer = transfer.ram.start + 0x100
    transfer.ram.data[: BLOCK.size] = Command(magic=READ_VERSION, data=buffer, length=4).pack()
    assert start(network, transfer).how is B0n.COPIED
    assert transfer.command == Command(magic=DONE, data=buffer, length=4)
    assert transfer.ram.read(buffer, 4) == (7).to_bytes(4, "little")


def test_whoever_commands_the_version_names_how_much_of_the_flash_is_copied_and_to_where():
    network, transfer = core(version=7), bus()
    network.reads_version = True
    transfer.ram.data[: BLOCK.size] = Command(magic=READ_VERSION, data=0x20001000 + REGION, length=0x40).pack()
    start(network, transfer)
    (told,) = transfer.received.values()
    assert len(told) == 0x40
    assert told[:4] == (7).to_bytes(4, "little")
    assert transfer.command.length == 4


def test_without_that_option_a_question_for_the_version_is_no_command():
    network, transfer = core(), bus()
    transfer.ram.data[: BLOCK.size] = Command(magic=READ_VERSION, data=0, length=4).pack()
    assert start(network, transfer).how is B0n.STARTED


def test_mcuboot_holds_the_core_off_after_success_and_lets_it_be_after_failure():
    network, said, domain = core(), [], []
    data = newer(network)
    assert NetworkUpdate(network, bus(data), domain.append, said.append).update(SOURCE, len(data))
    assert domain == [True, False]
    assert network.acl.entries[0] == [0, 0, 0]
    broken = data[:0x900] + b"\x00" + data[0x901:]
    assert not NetworkUpdate(network, bus(broken), domain.append, said.append).update(SOURCE, len(broken))
    assert network.acl.entries[0] != [0, 0, 0]


def test_the_block_moved_below_the_shared_buffers_with_3_2():
    assert [place(sdk) for sdk in ("1.7.0", "3.1.1", "3.2.0", "")] == [0x20000000, 0x20000000, 0x2006E000, 0x2006E000]
