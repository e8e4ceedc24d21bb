"""One recorded start of TF-M: the stages before it, its set-up in the vendor's order, and the calls after it."""

from dataclasses import field

from bootverify.check.conform.outcome import Unsupported
from bootverify.check.conform.protection_bench import (
    CRACEN,
    UART00,
    Json,
    TfmBuild,
    Units,
    build_of,
    number,
    tfm_build,
)
from bootverify.check.conform.protection_registers import attribution_map, ignored, map_of, peripherals, registers
from bootverify.dataclass import dataclass
from bootverify.executor.making.vendor_build import AssertionFailedError
from bootverify.executor.spu_access import peripheral_set
from bootverify.executor.tfm import mpc_setup, spu_setup
from bootverify.executor.tfm.layouts import build_faults, link_faults
from bootverify.executor.tfm.peripherals import (
    SpuBlock,
    init_blocks,
    init_peripherals,
    peripheral_id,
    serial_id,
    set_peripheral,
    uart_address,
)
from bootverify.executor.tfm.platform import Platform, debug_registers, start
from bootverify.executor.units.sau import ALL_NON_SECURE
from bootverify.ranges import AddressRange

SYSTEM_ERROR = 14940  # TFM_PLAT_ERR_SYSTEM_ERR
SPU_INTERRUPT = 3
GUARDS_54L = (0x40, 0x41, 0x80, 0xC0, 0x100)  # SPU00, MPC00, SPU10, SPU20, SPU30
BLOCK_NAMES = {0x5004_0000: "SPU00", 0x5008_0000: "SPU10", 0x500C_0000: "SPU20", 0x5010_0000: "SPU30"}
NAMES = {"mcuboot": "BL_MCUBOOT", "b0": "BL_B0", "s0": "BL_S0", "s1": "BL_S1"}
UICR_WORDS = ("0xff8000", "0xff801c")
# Caches and the crystal's pins: written in every complete start, no protection
OTHERS_53 = {"0x50001500": "0x1", "0x50842700": "0x30000000", "0x50842704": "0x30000000"}
OTHERS_91 = {"0x50039540": "0x101"}
INTERRUPT_MASK = 0x1FF


@dataclass(slots=True)
class _Run:
    """What comes out beside the registers of the units."""

    prior: list[int] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    assertion: str | None = None
    platform: Platform = field(default_factory=Platform)
    blocks: dict[int, SpuBlock] = field(default_factory=dict)
    uicr: tuple[int, int] | None = None
    provisioning: bool = False
    provisioning_known: bool = True


def run_tfm(units: Units, vector: Json) -> Json:
    """Run it and give the result in the form of the recording."""
    tfm, outcome = tfm_build(units, vector), _Run()
    try:
        _stages_before(units, vector, tfm, outcome)
        if units.spu:
            _start_spu(units, vector, tfm, outcome)
        else:
            _start_54l(units, vector, tfm, outcome)
    except AssertionFailedError as stop:
        outcome.assertion = stop.label
    return _shown(units, tfm, outcome)


def _stages_before(units: Units, vector: Json, tfm: TfmBuild, outcome: _Run) -> None:
    for stage in vector["in"].get("stages", []):
        library = units.fprotect(vector)
        for name, *texts in stage:
            arguments = [number(text) for text in texts]
            match name:
                case "fprotect_area":
                    outcome.prior.append(library.area(*arguments))
                case "pcd_lock_ram" if units.spu and tfm.layout.network_command:
                    address = tfm.layout.network_command.start
                    spu_setup.lock_network_command(units.spu, address, lock=bool(arguments[0]), build=build_of(vector))
                case "provisioning_required":
                    outcome.provisioning = bool(arguments[0])
                case "provisioning_query_fails":
                    outcome.provisioning_known = not arguments[0]
                case "uicr":
                    outcome.uicr = (arguments[0], arguments[1])
                case _:
                    raise Unsupported(name)


def _start_spu(units: Units, vector: Json, tfm: TfmBuild, outcome: _Run) -> None:
    assert units.spu
    build, nrf53 = build_of(vector), units.name == "nrf5340"
    try:
        spu_setup.init_memory(
            units.spu,
            tfm.layout,
            build=build,
            provisioning=outcome.provisioning,
            provisioning_known=outcome.provisioning_known,
        )
    except spu_setup.ProvisioningQueryError:
        outcome.reached.append("spu_init_cfg")
        outcome.failed["spu_init_cfg"] = SYSTEM_ERROR
        return
    outcome.reached.append("spu_init_cfg")
    init_peripherals(units.spu, tfm.peripherals, nrf53=nrf53, build=build)
    outcome.reached.append("spu_periph_init_cfg")
    for name, base, lock in vector["in"].get("post", []):
        secure = name == "peripheral_secure"
        peripheral = peripheral_id(number(base))
        peripheral_set(units.spu, peripheral, secure=secure, lock=bool(number(lock)), build=build)
    uart = tfm.peripherals.secure_uart
    start(
        outcome.platform,
        guards=(SPU_INTERRUPT,),
        secure=() if uart is None else (serial_id(uart, nrf53=nrf53),),
        debug=debug_registers(tfm.debug, *(outcome.uicr or (0, 0))) if nrf53 else {},
    )
    outcome.reached = []


def _start_54l(units: Units, vector: Json, tfm: TfmBuild, outcome: _Run) -> None:
    assert units.mpc
    assert units.sau
    mpc_setup.init_sau(units.sau, tfm.layout)
    mpc_setup.init_memory(units.mpc, tfm.layout, build_of(vector))
    outcome.blocks = init_blocks(UART00[units.name], tfm.peripherals)
    for name, base, _ in vector["in"].get("post", []):
        set_peripheral(outcome.blocks, number(base), secure=name == "peripheral_secure")
    uart = tfm.peripherals.secure_uart
    secure = [CRACEN[units.name]]
    if uart is not None:
        secure.append(uart_address(UART00[units.name], uart))
    interrupts = tuple(address >> 12 & INTERRUPT_MASK for address in secure)
    start(outcome.platform, guards=GUARDS_54L, secure=interrupts, debug={})


# ---- in the form of the recording


def _shown(units: Units, tfm: TfmBuild, outcome: _Run) -> Json:
    shown: Json = {
        "prior_rc": outcome.prior,
        "rc": outcome.failed,
        "mem": _ranges(tfm),
        "ns_vtor": hex(tfm.layout.non_secure_vectors),
        "build_check": build_faults(tfm.layout, tfm.part) if tfm.sdk else [],
        "link_check": [] if tfm.code_end is None else link_faults(tfm.layout, tfm.code_end),
        "regs": registers(units),
        "map": map_of(units) if units.spu else attribution_map(units),
        "ignored_writes": ignored(units),
        "profile": _profile_spu(units, outcome) if units.spu else _profile_54l(units, outcome),
    }
    shown["regs"].pop("PERIPHID", None)
    if outcome.assertion is not None:
        shown["assert"] = outcome.assertion
    if outcome.assertion is not None or outcome.failed:
        shown["reached"] = outcome.reached
    return shown


def _ranges(tfm: TfmBuild) -> Json:
    layout = tfm.layout
    named: dict[str, AddressRange | None] = {
        "S_CODE": layout.secure_code,
        "S_DATA": layout.secure_data,
        "NS_DATA": layout.non_secure_data,
        "NS_PART": layout.non_secure[0],
        "SECONDARY": next(iter(layout.secondary), None),
        "NS_STORAGE": next(iter(layout.storage), None),
        "PCD": layout.network_command,
        "RPMSG": layout.rpmsg,
    } | {NAMES[name]: area for name, area in layout.bootloaders}
    shown = {name: [hex(area.start), hex(area.end - 1)] for name, area in named.items() if area}
    assert layout.veneers
    return shown | {"VENEER": [hex(layout.veneers.start), hex(layout.veneers.end)]}


def _profile_spu(units: Units, outcome: _Run) -> Json:
    assert units.spu
    unit, platform, nrf53 = units.spu, outcome.platform, units.name == "nrf5340"
    configured = outcome.reached == ["spu_init_cfg", "spu_periph_init_cfg"] or platform.started
    profile: Json = {
        "PERIPHID": peripherals(unit),
        "EXTDOMAIN0": hex(unit.external),
        "DPPI0": [hex(each) for each in unit.dppi],
        "SPU.INTENSET": "0x7" if platform.started else "0x0",
        "SAU.CTRL": hex(ALL_NON_SECURE),
        **_platform(platform),
    }
    for port, pair in enumerate(unit.gpio):
        profile[f"GPIOPORT{port}"] = [hex(each) for each in pair]
    if nrf53:
        # A DISABLE word is shown where UICR was set, or when it is not 0.
        profile["CTRLAP"] = {
            name: hex(value)
            for name, value in platform.debug.items()
            if value or (outcome.uicr and name.endswith("DISABLE"))
        }
    profile["other_written"] = (OTHERS_53 if nrf53 else OTHERS_91) if configured else {}
    if outcome.uicr:
        profile["other_written"] = profile["other_written"] | dict(zip(UICR_WORDS, map(hex, outcome.uicr), strict=True))
    return profile


def _profile_54l(units: Units, outcome: _Run) -> Json:
    assert units.sau
    platform = outcome.platform
    enabled = "0x1" if platform.started else "0x0"
    profile: Json = {"MPC.INTENSET": enabled, "SAU.CTRL": hex(units.sau.control), **_platform(platform)}
    for base, name in BLOCK_NAMES.items():
        block = outcome.blocks.get(base, SpuBlock())
        listed = sorted(block.peripherals.items())
        runs: list[list[Json]] = []
        for index, value in listed:
            if runs and runs[-1][1] == index - 1 and runs[-1][2] == hex(value):
                runs[-1][1] = index
            else:
                runs.append([index, index, hex(value)])
        features = [[hex(offset), hex(value)] for offset, value in sorted(block.features.items())]
        profile[name] = {"PERIPH": runs, "FEATURE": features, "INTENSET": enabled}
    return profile


def _platform(platform: Platform) -> Json:
    return {
        "SCB.AIRCR": hex(platform.reset_request),
        "SCB.SHCSR": hex(platform.fault_handlers),
        "NVIC.ITNS_secure_irqs": platform.secure_interrupts,
        "NVIC.ISER": platform.enabled_interrupts,
    }
