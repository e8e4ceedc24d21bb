"""The bench for recorded protection set-up: units of a part, boot stages before TF-M, what TF-M was built from."""

from dataclasses import replace
from typing import Any

from bootverify.check.conform.outcome import Unsupported
from bootverify.dataclass import dataclass
from bootverify.executor.fprotect import (
    Fprotect,
    FprotectAcl,
    FprotectAcl2021,
    FprotectBprot,
    FprotectRram,
    FprotectSpu,
)
from bootverify.executor.making.vendor_build import DEBUG, RELEASE, Build
from bootverify.executor.tfm.layout import Layout
from bootverify.executor.tfm.layouts import (
    LayoutOptions,
    Part,
    devicetree,
    linked,
    partition_manager,
    tree_54l,
    tree_with_spu,
)
from bootverify.executor.tfm.peripherals import PeripheralOptions
from bootverify.executor.tfm.platform import DebugAuthentication
from bootverify.executor.units.acl import ADDRESS, PERMISSION, SIZE, Acl
from bootverify.executor.units.bprot import Bprot
from bootverify.executor.units.mpc import Mpc
from bootverify.executor.units.rramc import BOOT_REGION, FREE_REGION, Rramc
from bootverify.executor.units.sau import Sau
from bootverify.executor.units.spu import EXTDOMAIN_BITS, Spu
from bootverify.ranges import AddressRange

Json = Any
TREE_SECURE = {"nrf54l15": 0x80000, "nrf54lv10a": 0x60000}  # secure image of the TF-M tree's layouts for nRF54L
UART00 = {"nrf54l15": 0x5004_A000, "nrf54lv10a": 0x5004_D000}
CRACEN = {"nrf54l15": 0x5004_8000, "nrf54lv10a": 0x5005_9000}


def number(text: str) -> int:
    """A hexadecimal number of the recording."""
    return int(text, 16)


@dataclass(slots=True)
class Units:
    """The units of one part, at reset; those it lacks are None."""

    name: str
    part: Json
    spu: Spu | None = None
    acl: Acl | None = None
    bprot: Bprot | None = None
    rramc: Rramc | None = None
    mpc: Mpc | None = None
    sau: Sau | None = None

    @classmethod
    def of(cls, name: str, config: Json) -> "Units":
        """The units of the part `name`, with the geometry that the recording gives."""
        part = config["socs"][name]
        units = cls(name, part)
        if "flash_region" in part:
            units.spu = _spu(name, part, config["reset_values"])
        elif "acl_entries" in part:
            units.acl = Acl(number(part["page"]), part["acl_entries"])
        elif "bprot_block" in part:
            block = number(part["bprot_block"])
            units.bprot = Bprot(number(part["flash_size"]) // block, block)
        elif "rramc_unit" in part:
            units.rramc = Rramc(part["rramc_max_kib"].bit_length())
            units.mpc, units.sau = Mpc(part["mpc_overrides"]), Sau()
        else:
            raise Unsupported(name)
        return units

    def preset(self, given: Json) -> None:
        """Bring hardware into the state before the first stage."""
        if self.acl and "acl0" in given:
            for register, value in zip((ADDRESS, SIZE, PERMISSION), given["acl0"], strict=True):
                self.acl.write(0, register, number(value))
        for region, name in ((BOOT_REGION, "region3"), (FREE_REGION, "region4")):
            if self.rramc and name in given:
                address, config = map(number, given[name])
                self.rramc.write_address(region, address)
                self.rramc.write_config(region, config)

    def fprotect(self, vector: Json) -> Fprotect:
        """The library as a fresh program of this vector has it."""
        built = build_of(vector)
        given = vector["in"]
        if self.spu:
            return FprotectSpu(self.spu, built)
        if self.bprot:
            return FprotectBprot(self.bprot, given.get("in_debug", False))
        if self.rramc:
            return FprotectRram(self.rramc, given.get("allow_combined_regions", False))
        assert self.acl
        preset, flash = given["preset"], number(self.part["flash_size"])
        page, block = number(preset["page_size"]), number(self.part["page"])
        if vector["cat"].startswith("fprotect-acl-2021/"):
            return FprotectAcl2021(self.acl, block, page, flash, built)
        return FprotectAcl(self.acl, block, page, preset["page_count"], flash, built)


def build_of(vector: Json) -> Build:
    """Whether the recorded code had its assertions."""
    return DEBUG if vector["build"] == "debug" else RELEASE


def _spu(name: str, part: Json, resets: Json) -> Spu:
    channels = number(resets["SPU.DPPI0"][name])
    return Spu(
        0,
        number(part["flash_region"]),
        part["flash_regions"],
        ram_granule=number(part["ram_region"]),
        ram_count=part["ram_regions"],
        peripheral_count=part["periph_ids"],
        region_bits=part["flash_regions"] - 1,
        dppi_channels=channels.bit_length(),
        ports=2 if name == "nrf5340" else 1,
        external_reset=number(resets["SPU.EXTDOMAIN0"][name]) & ~EXTDOMAIN_BITS,
    )


# ---- what TF-M was built from


@dataclass(slots=True)
class TfmBuild:
    """One TF-M build of the recording."""

    layout: Layout
    part: Part
    peripherals: PeripheralOptions
    debug: DebugAuthentication
    code_end: int | None  # None: the veneers were placed by hand, not by the linker
    sdk: bool  # the SDK's build-time check was run


def tfm_build(units: Units, vector: Json) -> TfmBuild:
    """What `vector` describes: partitions, macros, where the secure code ends."""
    given = vector["in"]
    macros = _macros(given.get("defs", []))
    spu = units.spu is not None
    part = Part(
        spu=spu,
        flash_region=number(units.part["flash_region" if spu else "mpc_granule"]),
        ram_region=number(units.part["ram_region" if spu else "mpc_granule"]),
        flash_size=number(units.part["flash_size"]),
        ram_size=number(units.part["ram_size"]),
    )
    layout = _layout(units.name, given, part, _layout_options(macros))
    if "veneer" in given:
        layout = replace(layout, veneers=AddressRange(*map(number, given["veneer"])))
    else:
        layout = linked(layout, part, number(given["code_end"]))
    return TfmBuild(
        layout=layout,
        part=part,
        peripherals=_peripherals(macros, spu=spu),
        debug=_debug(macros),
        code_end=None if "veneer" in given else number(given["code_end"]),
        sdk=given["flavour"] != "upstream",
    )


def _layout(name: str, given: Json, part: Part, options: LayoutOptions) -> Layout:
    partitions = {label: AddressRange.sized(*map(number, pair)) for label, pair in given.get("partitions", {}).items()}
    match given["flavour"]:
        case "ncs-pm":
            return partition_manager(partitions, options)
        case "ncs-dts":
            return devicetree(partitions, options)
        case "upstream" if part.spu:
            return tree_with_spu(part, options)
        case "upstream":
            return tree_54l(part, options, secure_size=TREE_SECURE[name])
        case other:
            raise Unsupported(other)


def _macros(given: list[str]) -> dict[str, int | None]:
    """Macros by name, None for those without a value."""
    macros: dict[str, int | None] = {}
    for text in given:
        name, _, value = text.partition("=")
        macros[name] = int(value, 0) if value else None
    return macros


def _layout_options(macros: dict[str, int | None]) -> LayoutOptions:
    return LayoutOptions(
        secondary="NRF_NS_SECONDARY" in macros,
        storage="NRF_NS_STORAGE" in macros,
        header=macros.get("BL2_HEADER_SIZE") or 0,
        trailer=macros.get("BL2_TRAILER_SIZE") or 0,
        offset=macros.get("TFM_MCUBOOT_OFFSET") or 0,
        images=macros.get("MCUBOOT_IMAGE_NUMBER") or 1,
        psa_test="PSA_API_TEST_IPC" in macros,
    )


def _peripherals(macros: dict[str, int | None], *, spu: bool) -> PeripheralOptions:
    pins = [macros.get(f"TFM_PERIPHERAL_GPIO{port}_PIN_MASK_SECURE") or 0 for port in range(2)]
    if not spu:
        pins[0] = 0  # the tree's tfm_peripherals_config.h sets this mask to 0 on nRF54L, whatever was asked (recorded)
    return PeripheralOptions(
        secure_uart=macros.get("NRF_SECURE_UART_INSTANCE") if "SECURE_UART1" in macros else None,
        secure_qspi="SECURE_QSPI" in macros,
        psa_test="PSA_API_TEST_IPC" in macros,
        secure_pins=tuple(pins),
        secure_channels=macros.get("TFM_PERIPHERAL_DPPI_CHANNEL_MASK_SECURE") or 0,
        gpiote_channels={
            instance: macros.get(f"TFM_PERIPHERAL_GPIOTE{instance}_SECURE_CHANNELS_MASK") or 0 for instance in (20, 30)
        },
    )


def _debug(macros: dict[str, int | None]) -> DebugAuthentication:
    names = {
        "DAUTH_NONE": DebugAuthentication.NONE,
        "DAUTH_NS_ONLY": DebugAuthentication.NON_SECURE_ONLY,
        "DAUTH_FULL": DebugAuthentication.FULL,
    }
    chosen = [choice for name, choice in names.items() if name in macros]
    return chosen[0] if chosen else DebugAuthentication.CHIP_DEFAULT
