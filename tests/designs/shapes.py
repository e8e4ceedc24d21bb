"""Small designs built from the dataclasses, in the shapes of the first scenario cards."""

from dataclasses import replace

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import (
    Begin,
    BootGo,
    ChooseSlot,
    EncryptionType,
    Image,
    Launch,
    Program,
    Protect,
    Run,
    SetUpTrustZone,
    SignatureType,
    Stage,
    UpgradeMode,
)
from bootverify.design.design import Design, Lifecycle
from bootverify.design.keys import (
    HostOnly,
    InImage,
    InKmu,
    InUicr,
    Key,
    KeyKind,
    Purpose,
    PushTarget,
    Use,
)
from bootverify.design.memory import Partition
from bootverify.design.protection import Attribution, FlashGuard, Lock, Span, UnitKind
from bootverify.design.soc import Soc
from bootverify.ranges import AddressRange

NRF5340 = Soc(
    name="nrf5340",
    title="nRF5340",
    flash=AddressRange(0, 0x100000),
    page=0x1000,
    word=4,
    ram=AddressRange.sized(0x20000000, 0x80000),
    uicr=AddressRange.sized(0xFF8000, 0x1000),
    otp=AddressRange.sized(0xFF8100, 0x300),
    guard=FlashGuard(kind=UnitKind.SPU, granule=0x4000, entries=64),
    kmu_slots=128,
    trustzone=True,
    network_core=True,
)
CLOSED = Lifecycle(approtect=True, secure_approtect=True, eraseprotect=False)
CAN = Capability

ATTACKERS = {
    each.name: each
    for each in (
        Attacker(
            name="remote-ota",
            title="",
            capabilities=frozenset({CAN.SEND_UPDATE, CAN.REPLAY_RELEASE}),
        ),
        Attacker(
            name="app-code-ns",
            title="",
            capabilities=frozenset({CAN.RUN_APPLICATION, CAN.SEND_UPDATE}),
            needs="non_secure",
        ),
        Attacker(
            name="app-code-secure",
            title="",
            capabilities=frozenset({CAN.RUN_APPLICATION, CAN.SEND_UPDATE}),
            needs="secure",
        ),
        Attacker(
            name="secure-partition",
            title="",
            capabilities=frozenset({CAN.RUN_SECURE_PARTITION, CAN.RUN_APPLICATION, CAN.SEND_UPDATE}),
            needs_tfm=True,
        ),
        Attacker(name="debug-port", title="", capabilities=frozenset({CAN.DEBUG})),
        Attacker(name="power-cut", title="", capabilities=frozenset({CAN.CUT_POWER, CAN.SEND_UPDATE})),
    )
}


def at(name: str, start: int, end: int, attribution: Attribution | None = None) -> Partition:
    """The partition from `start` up to `end`."""
    return Partition(name=name, range=AddressRange(start, end), attribution=attribution)


def span(start: int, end: int) -> Span:
    """A span without a source."""
    return Span(range=AddressRange(start, end))


def s01(*, lock: Lock | None = Lock.UNTIL_RESET) -> Design:
    """Immutable MCUboot that holds the decryption key; `lock` None: nothing is protected."""
    protect = [Protect(spans=(span(0, 0xC000),), lock=lock)] if lock is not None else []
    app = _app("mcuboot", encryption=EncryptionType.ECIES_P256)
    return Design(
        name="s01",
        title="",
        soc=NRF5340,
        sdk="2.6.1",
        partitions=(
            at("mcuboot", 0, 0xC000),
            at("mcuboot_primary", 0xC000, 0x7C000),
            at("mcuboot_secondary", 0x7C000, 0xEC000),
        ),
        images=(Image(name="mcuboot", slots=("mcuboot",)), app),
        stages=(
            _mcuboot("mcuboot", "app", protect, "app", bootloader=None),
            _application(Attribution.SECURE),
        ),
        keys=(
            _verifier("app"),
            _opener(),
            Key(
                name="img_sign_priv",
                kind=KeyKind.PRIVATE,
                placements=(HostOnly(),),
                uses=_signs("app"),
            ),
        ),
        lifecycle=CLOSED,
    )


def small(mode: UpgradeMode = UpgradeMode.SWAP_MOVE) -> Design:
    """As S01 with slots of twelve pages, for tests that try every power cut."""
    base = s01()
    stage = base.stages[0]
    scratch = "mcuboot_scratch" if mode is UpgradeMode.SWAP_SCRATCH else None
    go = replace(stage.steps[0], mode=mode, scratch=scratch)
    return replace(
        base,
        name="small",
        partitions=(
            at("mcuboot", 0, 0xC000),
            at("mcuboot_primary", 0xC000, 0x18000),
            at("mcuboot_secondary", 0x18000, 0x24000),
            *([at(scratch, 0x24000, 0x26000)] if scratch else []),
        ),
        stages=(replace(stage, steps=(go, *stage.steps[1:])), base.stages[1]),
    )


def s06() -> Design:
    """As S01, with the key in the KMU."""
    base = s01()
    app = replace(base.images[1], encryption=EncryptionType.AES_KW)
    return replace(base, name="s06", images=(base.images[0], app), keys=(base.keys[0], _kek("app"), base.keys[2]))


def s02() -> Design:
    """NSIB, upgradable MCUboot that holds the private key, secure application."""
    return _behind_nsib(
        "s02",
        secondary=(0x74000, 0xB8000),
        primary_end=0x74000,
        counter=False,
        stages=(_application(Attribution.SECURE),),
        app=_app("mcuboot", encryption=EncryptionType.ECIES_P256),
        keys=(
            _verifier("app"),
            _opener(),
        ),
    )


def s05() -> Design:
    """NSIB, MCUboot with public keys, TF-M; the wrapping key is in the KMU."""
    return _with_tfm("s05", counter=False, encryption=EncryptionType.AES_KW, keys=(_kek("tfm+app"),))


def s08() -> Design:
    """As S05, nothing encrypted, NSIB counts versions."""
    sign = Key(name="img_sign_priv", kind=KeyKind.PRIVATE, placements=(HostOnly(),), uses=_signs("tfm+app"))
    return _with_tfm("s08", counter=True, encryption=EncryptionType.NONE, keys=(sign,))


def _with_tfm(name: str, *, counter: bool, encryption: EncryptionType, keys: tuple[Key, ...]) -> Design:
    trustzone = SetUpTrustZone(
        secure_code=span(0x30200, 0x3C000),
        non_secure=(span(0x3C000, 0x90000),),
        non_secure_data=(span(0x90000, 0xF0000), span(0xF8000, 0x100000)),
    )
    stages = (
        Stage(
            name="tfm",
            program=Program.TFM,
            image="tfm+app",
            attribution=Attribution.SECURE,
            steps=(trustzone, Launch(stage="app")),
            code="tfm",
        ),
        replace(_application(Attribution.NON_SECURE), image="tfm+app", code="app"),
    )
    return _behind_nsib(
        name,
        secondary=(0x90000, 0xF0000),
        primary_end=0x90000,
        counter=counter,
        stages=stages,
        app=replace(_app("mcuboot", encryption=encryption), name="tfm+app"),
        keys=(
            _verifier("tfm+app"),
            *keys,
        ),
        more=(
            at("tfm", 0x30200, 0x3C000),
            at("app", 0x3C000, 0x90000),
            at("tfm_storage", 0xF0000, 0xF8000),
        ),
    )


def _behind_nsib(
    name: str,
    *,
    secondary: tuple[int, int],
    primary_end: int,
    counter: bool,
    stages: tuple[Stage, ...],
    app: Image,
    keys: tuple[Key, ...],
    more: tuple[Partition, ...] = (),
) -> Design:
    protect = [Protect(spans=(span(0x8000, 0x30000),))]
    b0 = Stage(
        name="b0",
        program=Program.NSIB,
        image="b0",
        attribution=Attribution.SECURE,
        steps=(
            Protect(spans=(span(0, 0x8000),)),
            ChooseSlot(image="mcuboot", counter=counter),
            Launch(stage="mcuboot"),
        ),
    )
    mcuboot = Image(
        name="mcuboot",
        slots=("s0", "s1"),
        staging="mcuboot_secondary",
        verified_by="b0",
        signature=SignatureType.ECDSA_P256,
        updatable=True,
    )
    return Design(
        name=name,
        title="",
        soc=NRF5340,
        sdk="2.6.1",
        partitions=(
            at("b0", 0, 0x8000),
            at("s0", 0x8000, 0x1C000),
            at("s1", 0x1C000, 0x30000),
            at("mcuboot_primary", 0x30000, primary_end),
            at("mcuboot_secondary", *secondary),
            *more,
        ),
        images=(Image(name="b0", slots=("b0",)), mcuboot, app),
        stages=(
            b0,
            _mcuboot("mcuboot", app.name, protect, stages[0].name, bootloader="mcuboot"),
            *stages,
        ),
        keys=(Key(name="b0_key_hash", kind=KeyKind.HASH, placements=(InUicr(),), uses=_verifies("mcuboot")), *keys),
        lifecycle=CLOSED,
    )


def _mcuboot(name: str, image: str, protect: list[Protect], launches: str, *, bootloader: str | None) -> Stage:
    go = BootGo(image=image, mode=UpgradeMode.SWAP_MOVE, validate=True, bootloader=bootloader)
    return Stage(
        name=name,
        program=Program.MCUBOOT,
        image=name,
        attribution=Attribution.SECURE,
        steps=(go, *protect, Launch(stage=launches)),
    )


def _app(verifier: str, *, encryption: EncryptionType) -> Image:
    return Image(
        name="app",
        slots=("mcuboot_primary",),
        staging="mcuboot_secondary",
        verified_by=verifier,
        signature=SignatureType.ECDSA_P256,
        encryption=encryption,
        decryptor=verifier if encryption is not EncryptionType.NONE else None,
        updatable=True,
    )


def _application(attribution: Attribution) -> Stage:
    return Stage(
        name="app",
        program=Program.APPLICATION,
        image="app",
        attribution=attribution,
        steps=(Begin(), Run()),
    )


def _verifier(image: str) -> Key:
    """The public key in MCUboot that verifies `image`."""
    place = InImage(image="mcuboot")
    return Key(name="img_verify_pub", kind=KeyKind.PUBLIC, placements=(place,), uses=_verifies(image))


def _opener() -> Key:
    """The private key in MCUboot that opens updates of the application."""
    place = InImage(image="mcuboot")
    return Key(name="enc_priv", kind=KeyKind.PRIVATE, placements=(place,), uses=_decrypts("app"))


def _kek(image: str) -> Key:
    kmu = InKmu(slots=(8, 9), push_to=PushTarget.ENGINE, readable=False)
    return Key(name="kek", kind=KeyKind.SYMMETRIC, placements=(kmu,), uses=_decrypts(image))


def _verifies(image: str) -> tuple[Use, ...]:
    return (Use(purpose=Purpose.VERIFY, image=image),)


def _signs(image: str) -> tuple[Use, ...]:
    return (Use(purpose=Purpose.SIGN, image=image),)


def _decrypts(image: str) -> tuple[Use, ...]:
    return (Use(purpose=Purpose.DECRYPT, image=image),)
