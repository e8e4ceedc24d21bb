"""The closed union of things that can happen to a device and around it."""

from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution
from bootverify.machine.content import Content
from bootverify.machine.tear import Tear


class Request(Enum):
    """What the trailer of a staged image asks MCUboot for."""

    NONE = "none"
    TEST = "test"
    PERM = "perm"
    REVERT = "revert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """While a step is under way, the external chip comes to hold `content` in `partition`.

    It happens right before access `before` of the step to that partition, 0 the first: what it has read until then was
    other bytes.
    """

    partition: str
    content: Content
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep:
    """The running stage takes its next step; with `cut_after`, power is lost after that many lasting writes of it.

    `torn` is what is left of the next write. `meanwhile`: somebody writes the external chip in the middle of it.
    """

    stage: str
    step: int
    cut_after: int | None = None
    torn: Tear | None = None
    meanwhile: Meanwhile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """The device restarts and runs to where it stays; with `cut_after`, power is lost after that many lasting writes.

    They count over all stages of the boot. `torn` is what is left of the next one. `loader`: somebody asks for the
    firmware loader of MCUboot, by its pin or by the boot mode.
    """

    cut_after: int | None = None
    torn: Tear | None = None
    loader: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The application core restarts from the first stage; locks are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Produce:
    """Production programs the device with release `release` of `image`, not the first: before anything else happens."""

    image: str
    release: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """The vendor publishes release `release` of `image`; from then on it is in everybody's hands."""

    image: str
    release: int
    slot: str = ""  # the variant, for an image that is linked for one of several slots


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """The attacker looks into a published update and keeps what it shows in clear."""

    image: str
    release: int
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """The update client of the running application writes `content` to the staging partition and requests it.

    `by_attacker`: sent by him to the update service; otherwise the owner's proper update. With `cut_after`, power is
    lost after that many lasting writes of the client, and `torn` is what is left of the next one.
    """

    partition: str
    content: Content
    request: Request
    by_attacker: bool = False
    cut_after: int | None = None
    torn: Tear | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The recovery tool sends `content` to MCUboot by wire, for `partition`, and resets the device.

    `request`: what it asks for an image in the secondary slot. `cut_after` and `torn` as with `Deliver`; they count
    over what both cores write.
    """

    partition: str
    content: Content
    request: Request = Request.NONE
    cut_after: int | None = None
    torn: Tear | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The running application marks itself as good (image_ok)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """Hostile code, a probe, or a clip on the chip erases and writes the store `partition`, as far as it can."""

    partition: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeTrailer:
    """Hostile code rewrites the trailers of the two slots so that the next boot sees `request`.

    `slot`: the one whose trailer it rewrites, of an image that starts from either: as an update that waits for its one
    start (test), that is confirmed (perm), that has had its start (revert), or that nobody asked for (none).
    """

    image: str
    request: Request
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A hostile boot stage hands over to `stage` without the steps that a genuine one takes."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOut:
    """Hostile code, or a clip on the external chip, reads what it can of `partition`."""

    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRegion:
    """Hostile code writes the register of region `region` of the protection unit."""

    region: int
    attribution: Attribution
    permits: frozenset[Access]
    lock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFetch:
    """Hostile code has the flash patch unit replace words that the CPU fetches from `image`; memory is not written."""

    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNetwork:
    """Hostile code commands the network core's boot loader, through the shared RAM, to copy an image of its own.

    `offset` counts from the start of that core's flash; None: where its application lies.
    """

    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FillSlot:
    """Hostile code provisions the empty slots of `key`, which a bootloader consults, with a key of its own."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSlot:
    """Hostile code has the KMU push `key` into its target and uses or reads what arrived."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlot:
    """Hostile code reads the value of `key` from its KMU slot."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrap:
    """The attacker decrypts the published release of `image` with a key that he knows."""

    image: str
    release: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAll:
    """The probe erases flash and UICR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The probe reads what it can of `partition`."""

    partition: str


Action = (
    TakeStep
    | Boot
    | Reset
    | Produce
    | Publish
    | Inspect
    | Deliver
    | Upload
    | Confirm
    | Overwrite
    | ForgeTrailer
    | Jump
    | ReadOut
    | ProgramRegion
    | PatchFetch
    | FeedNetwork
    | FillSlot
    | UseSlot
    | ReadSlot
    | Unwrap
    | EraseAll
    | Probe
)
