"""Which peripherals TF-M gives to which side (target_cfg_53_91.c, target_cfg_54l.c; the vendor's order).

Ids are bits 12 and up of a peripheral's address. On nRF5340 and nRF91 a list is opened and nothing of it is locked; on
nRF54L everything is opened by zeroing the SPU blocks, and a short list is secured again and locked.
"""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.making.vendor_build import RELEASE, Build
from bootverify.executor.spu_access import peripheral_set
from bootverify.executor.units.spu import LOCK, Spu

SERIAL_53, SERIAL_91 = (8, 9, 11, 12), (8, 9, 10, 11)  # ids of SPIM/SPIS/TWIM/TWIS/UARTE 0 to 3
CONSOLES = 2  # of those, the ones that stay secure when TF-M has them for its console
WATCHDOG, EVENT_GENERATOR_5, QSPI = 24, 32, 43  # what PSA FF tests and a secure QSPI take out of the list

NRF53_OPENED = (
    0,  # FPU, DCNF
    4,  # REGULATORS, OSCILLATORS
    5,  # CLOCK, POWER, RESET
    *(8, 9, 11, 12, 10),  # SPIM0 to SPIM4
    *(14, 15, 16, 17),  # SAADC, TIMER0 to TIMER2
    *(20, 21, 23),  # RTC0, RTC1, DPPIC
    *(24, 25, 26),  # WDT0, WDT1, COMP
    *(27, 28, 29, 30, 31, 32),  # EGU0 to EGU5
    *(33, 34, 35, 36),  # PWM0 to PWM3
    *(38, 40, 42, 43),  # PDM0, I2S0, IPC, QSPI
    *(45, 48, 51, 52),  # NFCT, MUTEX, QDEC0, QDEC1
    *(54, 55, 57, 66, 129),  # USBD, USBREGULATOR, NVMC, P0 and P1, VMC
)
NRF91_OPENED = (
    *(4, 5, 8, 9, 10, 11),  # REGULATORS, CLOCK and POWER, SPIM0 to SPIM3
    *(14, 15, 16, 17, 20, 21, 23, 24),  # SAADC, TIMER0 to TIMER2, RTC0, RTC1, DPPIC, WDT
    *(27, 28, 29, 30, 31, 32),  # EGU0 to EGU5
    *(33, 34, 35, 36, 38, 40, 42),  # PWM0 to PWM3, PDM, I2S, IPC
    *(57, 66, 58),  # NVMC, P0, VMC
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeripheralOptions:
    """Build options that change the lists: masks of secure pins and channels, and what stays secure."""

    secure_uart: int | None = None  # the serial instance of TF-M's console
    secure_qspi: bool = False
    psa_test: bool = False
    secure_pins: tuple[int, ...] = (0, 0)
    secure_channels: int = 0
    gpiote_channels: dict[int, int] = field(default_factory=dict)  # nRF54L: GPIOTE instance to mask


def init_peripherals(spu: Spu, options: PeripheralOptions, *, nrf53: bool, build: Build = RELEASE) -> None:
    """spu_periph_init_cfg of nRF5340 and nRF91: open peripherals, set and lock the masks of channels and pins.

    On nRF5340 the network core is made non-secure, locked.
    """
    kept = set()
    if options.secure_uart is not None and options.secure_uart < CONSOLES:
        kept.add(serial_id(options.secure_uart, nrf53=nrf53))
    if options.psa_test:
        kept |= {WATCHDOG, EVENT_GENERATOR_5}
    if options.secure_qspi:
        kept.add(QSPI)
    for peripheral in NRF53_OPENED if nrf53 else NRF91_OPENED:
        if peripheral not in kept:
            peripheral_set(spu, peripheral, secure=False, lock=False, build=build)
    spu.write_dppi(options.secure_channels, lock=True)
    for port in range(spu.ports):
        spu.write_gpio(port, options.secure_pins[port], lock=True)
    if nrf53:
        spu.write_external(LOCK)


def serial_id(instance: int, *, nrf53: bool) -> int:
    """The id, and the interrupt, of a serial instance of nRF5340 or nRF91."""
    return (SERIAL_53 if nrf53 else SERIAL_91)[instance]


def peripheral_id(address: int) -> int:
    """The id of the peripheral at `address` on nRF5340 and nRF91: bits 19:12."""
    return address >> 12 & 0xFF


# ---- nRF54L

SECURE_PERIPHERALS = (
    0x5005_2000,  # CTRL-AP mailbox
    0x500C_F000,  # MEMCONF
    0x5005_3000,  # TAD
    *(0x5005_6000, 0x5008_C000, 0x500E_6000, 0x5010_F000),  # in no register file
    0x5012_0000,  # REGULATORS, OSCILLATORS
)
UARTS = {20: 0x500C_6000, 21: 0x500C_7000, 22: 0x500C_8000, 30: 0x5010_4000}
GPIOTE_BLOCK = {20: 0x500C_0000, 30: 0x5010_0000}
PORT_BLOCK = {0: 0x5010_0000, 1: 0x500C_0000}  # P0 belongs to SPU30, P1 to SPU20
PERIPHERAL_SECURE = 0x130  # SECATTR, DMASEC, LOCK
FEATURE_SECURE = 0x110  # SECATTR, LOCK
GPIOTE_CHANNEL, GPIOTE_INTERRUPT, GPIO_PIN, PORT_STRIDE = 0x700, 0x720, 0x800, 0x80
CHANNELS, PINS = 8, 32
BLOCK_MASK, SLOT_MASK = 0xFFFC_0000, 0x3F


@dataclass(slots=True)
class SpuBlock:
    """One SPU of nRF54L: what is secure and locked among the peripherals of its bus; features by byte offset."""

    peripherals: dict[int, int] = field(default_factory=dict)
    features: dict[int, int] = field(default_factory=dict)

    def set_peripheral(self, slot: int, *, secure: bool) -> None:
        """Give a peripheral and its DMA one attribution and lock it, which the vendor's driver does in both cases."""
        if not self.peripherals.get(slot, 0) & LOCK:
            self.peripherals[slot] = PERIPHERAL_SECURE if secure else LOCK


def init_blocks(uart00: int, options: PeripheralOptions) -> dict[int, SpuBlock]:
    """spu_periph_init_cfg of nRF54L: the SPU blocks by address, all zero but for what is secured and locked.

    `uart00` is where the part has UARTE00.
    """
    blocks = {base: SpuBlock() for base in (0x5004_0000, 0x5008_0000, 0x500C_0000, 0x5010_0000)}
    addresses = list(SECURE_PERIPHERALS)
    if options.secure_uart is not None:
        addresses.insert(0, uart_address(uart00, options.secure_uart))
    for address in addresses:
        set_peripheral(blocks, address, secure=True)
    for instance, mask in options.gpiote_channels.items():
        features = blocks[GPIOTE_BLOCK[instance]].features
        for channel in (c for c in range(CHANNELS) if mask >> c & 1):
            features[GPIOTE_CHANNEL + 4 * channel] = FEATURE_SECURE
            features[GPIOTE_INTERRUPT + 4 * channel] = FEATURE_SECURE
    for port, mask in enumerate(options.secure_pins):
        for pin in (p for p in range(PINS) if mask >> p & 1):
            blocks[PORT_BLOCK[port]].features[GPIO_PIN + PORT_STRIDE * port + 4 * pin] = FEATURE_SECURE
    return blocks


def set_peripheral(blocks: dict[int, SpuBlock], address: int, *, secure: bool) -> None:
    """Give the peripheral at `address` an attribution through the block of its bus, and lock it."""
    blocks[address & BLOCK_MASK].set_peripheral(address >> 12 & SLOT_MASK, secure=secure)


def uart_address(uart00: int, instance: int) -> int:
    """Where UARTE`instance` of nRF54L lies."""
    return UARTS.get(instance, uart00)
