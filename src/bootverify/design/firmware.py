"""The bytes of a build: what is programmed, what is packed for updates, and what its configuration says of them."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.settings import Told
from bootverify.design.soc import Soc


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes that a programming file puts at address `at`."""

    at: int
    data: bytes = field(repr=False)
    file: str

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.at + len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A signed image without an address: what an update delivers, or `west flash` programs into the slot."""

    file: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A public key in the form in which MCUboot compiles it in; `at` is None for one that a key file gives.

    `digest` is the SHA-256 of `value`: what an image's key hash names it by.
    """

    kind: str
    value: bytes = field(repr=False)
    digest: str
    file: str
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningKey:
    """A secret key of a file of the user's that opens images; `kind` is how they are wrapped, as designs name it."""

    kind: str
    secret: bytes = field(repr=False)
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderOptions:
    """What MCUboot's configuration says; None where nothing does. `mode`, `signature`, `digest` are names."""

    mode: Told | None = None
    validate: Told | None = None
    signature: Told | None = None
    digest: Told | None = None
    pure: Told | None = None
    downgrade: Told | None = None
    hardware_counter: Told | None = None
    encrypted: Told | None = None
    full_key: Told | None = None  # images carry the key that verifies them, and MCUboot its hash alone
    loader_instead: Told | None = None  # a firmware loader starts where there is no application
    hmac: Told | None = None  # the digest with which image keys are authenticated, where there are two: sha256, sha512
    kmu: Told | None = None
    protects: Told | None = None  # fprotect of its own area before it hands over
    drops_rights: Told | None = None  # it takes all access from its own area at hand-over instead


@dataclass(frozen=True, slots=True, kw_only=True)
class NsibOptions:
    """What NSIB's configuration says; None where nothing does."""

    counter: Told | None = None
    life_cycle: Told | None = None
    signature: Told | None = None  # it verifies the signature of the next stage
    protects: Told | None = None


NO_LOADER_OPTIONS = LoaderOptions()
NO_NSIB_OPTIONS = NsibOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """What a programmer and a production line would do with a build.

    INVARIANT: no two pieces give one address different bytes.

    `design` is what its files tell of chain and map, as far as they do. `network` is the second core, where the part
    has one. `keys` are those in the bytes and in key files, `left_out` says which files were not loaded, and why.
    `packages` are signed images that the build wrote beside them, `updates` those that the user named one by one.
    `opens` are keys that MCUboot opens images with, where the user gives them.
    """

    design: Design
    network: Soc | None
    pieces: tuple[Piece, ...]
    packages: tuple[Package, ...]
    keys: tuple[HeldKey, ...]
    loader: LoaderOptions = NO_LOADER_OPTIONS
    nsib: NsibOptions = NO_NSIB_OPTIONS
    search_skip: int | None = None
    start_up: Told | None = None  # what start-up code does with the debug port: lock, user, uicr or disable
    left_out: tuple[str, ...] = ()
    updates: tuple[Package, ...] = ()
    opens: tuple[OpeningKey, ...] = ()
