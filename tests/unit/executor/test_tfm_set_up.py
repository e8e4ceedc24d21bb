"""TF-M's set-up: order, whole regions, veneers, the network core's RAM; what the headers make of partitions."""

import pytest

from bootverify.executor.making.vendor_build import DEBUG, AssertionFailedError
from bootverify.executor.tfm import mpc_setup, spu_setup
from bootverify.executor.tfm.layout import Layout
from bootverify.executor.tfm.layouts import (
    LayoutOptions,
    Part,
    build_faults,
    devicetree,
    link_faults,
    linked,
    partition_manager,
    tree_with_spu,
)
from bootverify.executor.tfm.peripherals import PeripheralOptions, init_blocks, init_peripherals
from bootverify.executor.tfm.platform import DebugAuthentication, debug_registers
from bootverify.executor.units.mpc import Mpc
from bootverify.executor.units.sau import Sau, SauAttribution
from bootverify.executor.units.spu import Spu
from bootverify.ranges import AddressRange

SECURE_CODE, OPEN, DATA, RESET = 0x115, 0x107, 0x106, 0x17
NRF53 = Part(spu=True, flash_region=0x4000, ram_region=0x2000, flash_size=0x100000, ram_size=0x80000)
NRF54 = Part(spu=False, flash_region=0x1000, ram_region=0x1000, flash_size=0x17D000, ram_size=0x40000)


def nrf5340() -> Spu:
    return Spu(0, 0x4000, 64, ram_count=64, peripheral_count=256)


def layout(**changes) -> Layout:
    fields = {
        "secure_code": AddressRange(0x4000, 0xC000),
        "secure_data": AddressRange(0x20000000, 0x20004000),
        "non_secure_data": AddressRange(0x20004000, 0x20008000),
        "non_secure": (AddressRange(0xC000, 0x14000),),
        "bootloaders": (("mcuboot", AddressRange(0, 0x4000)),),
    }
    return Layout(**(fields | changes))


def flash_after(spu: Spu | None = None, **changes) -> list[int]:
    spu = spu or nrf5340()
    spu_setup.init_memory(spu, layout(**changes))
    return spu.registers[:7]


def test_code_is_locked_and_the_non_secure_image_opened():
    assert flash_after() == [RESET, SECURE_CODE, SECURE_CODE, OPEN, OPEN, RESET, RESET]


def test_ram_is_split_and_locked():
    spu = nrf5340()
    spu_setup.init_memory(spu, layout())
    assert spu.ram[:5] == [0x117, 0x117, OPEN, OPEN, RESET]


def test_a_boundary_inside_a_region_stays_with_the_secure_code():
    ragged = {"secure_code": AddressRange(0x4000, 0xC400), "non_secure": (AddressRange(0xC400, 0x14000),)}
    assert flash_after(**ragged)[3:5] == [SECURE_CODE, OPEN]
    with pytest.raises(AssertionFailedError, match="flash-region-already-locked"):
        spu_setup.init_memory(nrf5340(), layout(**ragged), build=DEBUG)


def test_before_code_was_locked_first_the_boundary_region_was_opened():
    ragged = {"secure_code": AddressRange(0x4000, 0xC400), "non_secure": (AddressRange(0xC400, 0x14000),)}
    assert flash_after(**ragged, locks_code=False) == [RESET, RESET, RESET, OPEN, OPEN, RESET, RESET]


def test_an_end_inside_a_region_opens_all_of_it():
    assert flash_after(non_secure=(AddressRange(0xC000, 0x14001),))[3:7] == [OPEN, OPEN, OPEN, RESET]


def test_the_first_reset_spares_regions_that_a_boot_stage_touches():
    spu = nrf5340()
    spu.write_register(0, OPEN & ~0x100)
    spu.write_register(5, OPEN & ~0x100)
    assert flash_after(spu)[0] == OPEN & ~0x100
    assert spu.registers[5] == RESET


def test_what_a_boot_stage_locked_keeps_its_setting():
    spu = nrf5340()
    spu.write_register(3, SECURE_CODE)
    applied = spu_setup.init_memory(spu, layout())
    assert spu.registers[3] == SECURE_CODE
    assert [each.ignored for each in applied] == [0, 0, 1, 0]


def test_secondary_slot_and_storage_are_opened_without_execution():
    data = {"secondary": (AddressRange(0x14000, 0x18000),), "storage": (AddressRange(0x18000, 0x18001),)}
    assert flash_after(**data)[5:7] == [DATA, DATA]


@pytest.mark.parametrize(("provisioning", "value"), [(False, 0x104), (True, 0x106)])
def test_the_command_block_of_the_network_core_is_read_only_but_while_provisioning(provisioning, value):
    spu = nrf5340()
    command = layout(network_command=AddressRange(0x2000E000, 0x20010000))
    spu_setup.init_memory(spu, command, provisioning=provisioning)
    assert spu.ram[7] == value


def test_a_command_block_inside_non_secure_ram_stays_open():
    spu = nrf5340()
    spu_setup.lock_network_command(spu, 0x20006000, lock=False)
    spu_setup.init_memory(spu, layout(network_command=AddressRange(0x20006000, 0x20008000)))
    assert spu.ram[3] == OPEN


def test_a_locked_command_block_survives():
    spu = nrf5340()
    spu_setup.lock_network_command(spu, 0x20006000, lock=True)
    spu_setup.init_memory(spu, layout(network_command=AddressRange(0x20006000, 0x20008000)))
    assert spu.ram[3] == 0x104


def test_a_failing_provisioning_query_leaves_out_what_follows():
    spu = nrf5340()
    late = layout(network_command=AddressRange(0x2000E000, 0x20010000), rpmsg=AddressRange(0x20010000, 0x20012000))
    with pytest.raises(spu_setup.ProvisioningQueryError):
        spu_setup.init_memory(spu, late, provisioning_known=False)
    assert spu.ram[7:9] == [RESET, RESET]
    assert spu.registers[3] == OPEN


@pytest.mark.parametrize(("start", "value"), [(0x20008000, 0x106), (0x20007FFF, RESET)])
def test_shared_ram_that_touches_non_secure_ram_is_skipped(start, value):
    spu = nrf5340()
    spu_setup.init_memory(spu, layout(rpmsg=AddressRange(start, 0x2000A000)))
    assert spu.ram[4] == value


@pytest.mark.parametrize(
    ("first", "code"),
    [(0xFC00, 6), (0xF000, 8), (0xFFE0, 1), (0xFFDF, 1), (0xFBFF, 6), (0xFFF0, 0), (0xFFF8, 15), (0xC000, 10)],
)
def test_the_size_of_the_veneers_follows_from_their_start_alone(first, code):
    spu = nrf5340()
    spu_setup.callable_config(spu, first, first)
    assert spu.nsc[:2] == [0x103, 0x100 | code]


@pytest.mark.parametrize(
    ("first", "last", "label"),
    [
        (0xFC00, 0x10000, "nsc-size-overflow"),
        (0xFBFF, 0xFFFF, "nsc-size-not-power-of-two"),
        (0xE000, 0xFFFF, "nsc-size-out-of-range"),
        (0xFFF0, 0xFFFF, "nsc-size-out-of-range"),
        (0xFC00, 0x0, "nsc-size-overflow"),
    ],
)
def test_veneers_of_another_size_stop_a_debug_build(first, last, label):
    with pytest.raises(AssertionFailedError, match=label):
        spu_setup.callable_config(nrf5340(), first, last, DEBUG)


@pytest.mark.parametrize(
    ("code_end", "start"), [(0x8000, 0xBC00), (0xBC00, 0xBC00), (0xBC20, 0xFC00), (0xC000, 0xFC00)]
)
def test_veneers_end_with_the_region_in_which_the_code_ends_or_with_the_next(code_end, start):
    veneers = linked(layout(), NRF53, code_end).veneers
    assert veneers == AddressRange(start, start + 0x400)


def test_veneers_of_nrf54l_follow_the_vector_table():
    assert linked(layout(), NRF54, 0x8000).veneers == AddressRange(0x4480, 0x4540)


def test_code_and_veneers_must_stay_in_the_secure_image():
    assert link_faults(linked(layout(), NRF53, 0xBC00), 0xBC00) == []
    assert link_faults(linked(layout(), NRF53, 0xBC20), 0xBC20) == ["secure-image-does-not-fit"]


@pytest.mark.parametrize(
    ("flash", "ram", "faults"),
    [
        (0xC000, 0x20004000, []),
        (0xC200, 0x20004000, ["ns-flash-start-unaligned"]),
        (0xC000, 0x20005000, ["ns-ram-start-unaligned"]),
    ],
)
def test_the_build_looks_at_starts_only(flash, ram, faults):
    ragged = layout(non_secure=(AddressRange(flash, 0x14123),), non_secure_data=AddressRange(ram, 0x20008001))
    assert build_faults(ragged, NRF53) == faults


PM = {
    "tfm": AddressRange(0x10200, 0x18000),
    "tfm_secure": AddressRange(0x10000, 0x18000),
    "tfm_nonsecure": AddressRange(0x18000, 0x40000),
    "tfm_sram": AddressRange(0x20000000, 0x20008000),
    "sram_nonsecure": AddressRange(0x20008000, 0x20040000),
    "mcuboot": AddressRange(0x0, 0x10000),
    "mcuboot_secondary": AddressRange(0x80000, 0x90000),
}


def test_the_secondary_slot_reaches_as_far_as_both_images_whatever_its_size():
    made = partition_manager(PM, LayoutOptions(secondary=True, header=0x200))
    assert made.secondary == (AddressRange(0x80000, 0x80000 + 0x8000 + 0x28000),)
    assert made.non_secure_vectors == 0x18200
    assert partition_manager(PM, LayoutOptions()).secondary == ()


def test_a_devicetree_with_a_secure_half_links_behind_the_header():
    nodes = {
        "slot0_partition": AddressRange(0x10000, 0x70000),
        "slot0_s_partition": AddressRange(0x10000, 0x50000),
        "slot0_ns_partition": AddressRange(0x50000, 0x70000),
        "sram0_s": PM["tfm_sram"],
        "sram0_ns": PM["sram_nonsecure"],
    }
    assert devicetree(nodes, LayoutOptions(offset=0x800)).secure_code == AddressRange(0x10800, 0x50000)
    del nodes["slot0_s_partition"]
    assert devicetree(nodes, LayoutOptions(offset=0x800)).secure_code == nodes["slot0_partition"]


def test_the_tree_links_the_secure_image_to_0_unless_the_secondary_slot_is_opened():
    alone = tree_with_spu(NRF53, LayoutOptions(header=0x400, trailer=0x400))
    assert alone.secure_code == AddressRange(0x400, 0x40000)
    paired = tree_with_spu(NRF53, LayoutOptions(header=0x400, trailer=0x400, secondary=True, images=2))
    assert paired.secure_code == AddressRange(0x10400, 0x4FC00)


def test_the_sau_opens_one_line_too_much_behind_the_veneers():
    sau = Sau()
    mpc_setup.init_sau(sau, layout(veneers=AddressRange(0x4480, 0x4540)))
    assert [sau.attribution(at) for at in (0x447F, 0x4480, 0x455F, 0x4560)] == [
        SauAttribution.SECURE,
        SauAttribution.CALLABLE,
        SauAttribution.CALLABLE,
        SauAttribution.SECURE,
    ]


def test_everything_from_the_non_secure_image_to_the_uicr_is_opened():
    sau, mpc = Sau(), Mpc()
    mpc_setup.init_sau(sau, layout())
    mpc_setup.init_memory(mpc, layout())
    assert sau.range(0) == (0xC000, 0xFFD000)
    assert [(each.start, each.end) for each in mpc.overrides[:2]] == [(0xC000, 0xFFD000), (0x20004000, 0x20008000)]


def test_the_last_overrides_stay_unlocked():
    mpc = Mpc(12)
    mpc_setup.init_memory(mpc, layout())
    assert [mpc.locked(i) for i in range(12)] == [True] * 5 + [False] * 7


def test_an_unaligned_start_opens_less_in_the_sau_than_in_the_mpc():
    sau, mpc, ragged = Sau(), Mpc(), layout(non_secure=(AddressRange(0xC0F0, 0x14000),))
    mpc_setup.init_sau(sau, ragged)
    mpc_setup.init_memory(mpc, ragged)
    assert (sau.base[0], mpc.overrides[0].start) == (0xC0E0, 0xC000)
    with pytest.raises(AssertionFailedError, match="mpc-address"):
        mpc_setup.init_memory(Mpc(), ragged, DEBUG)


def test_the_network_core_is_made_non_secure_for_good():
    spu = nrf5340()
    init_peripherals(spu, PeripheralOptions(), nrf53=True)
    assert not spu.write_external(0x10)
    assert spu.peripherals[57] == 0  # NVMC
    assert spu.peripherals[3] == 0x10  # the SPU itself


def test_a_secure_console_and_a_secure_qspi_stay_secure():
    spu = nrf5340()
    init_peripherals(spu, PeripheralOptions(secure_uart=1, secure_qspi=True), nrf53=True)
    assert [spu.peripherals[i] for i in (8, 9, 43)] == [0, 0x10, 0x10]


def test_a_secured_peripheral_of_nrf54l_is_locked():
    blocks = init_blocks(0x5004A000, PeripheralOptions(secure_uart=0))
    blocks[0x50040000].set_peripheral(10, secure=False)
    assert blocks[0x50040000].peripherals[10] == 0x130


@pytest.mark.parametrize(
    ("choice", "open_words"),
    [
        (DebugAuthentication.NONE, (0, 0)),
        (DebugAuthentication.NON_SECURE_ONLY, (5, 0)),
        (DebugAuthentication.FULL, (5, 7)),
        (DebugAuthentication.CHIP_DEFAULT, (5, 7)),
    ],
)
def test_debug_authentication_copies_what_it_allows_from_the_uicr(choice, open_words):
    written = debug_registers(choice, 5, 7)
    assert (written["APPROTECT.DISABLE"], written["SECUREAPPROTECT.DISABLE"]) == open_words
    assert written["APPROTECT.LOCK"] == 2
