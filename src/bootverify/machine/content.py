"""What a store of code holds, named by who made it, never by verifying it."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Genuine:
    """The owner's image `image`, release `release` (1 is the factory's), built for `slot` where that matters."""

    image: str
    release: int
    slot: str = ""

    def __str__(self) -> str:
        return f"{self.image} {self.release}" + (f" for {self.slot}" if self.slot else "")


@dataclass(frozen=True, slots=True)
class Crafted:
    """Whatever the attacker can build with what he knows, the old bytes included.

    Sent to a place where several images are staged, it may pose as `image` for `slot`; empty: as the first of them.
    `unmarked`, of the chip in the middle of a step: the encrypted image that lies there, under a header that no longer
    says that it is encrypted. `wrapped`, of the store in which an encrypted image ends: what lies there, with a key of
    his in the place of the wrapped image key.
    """

    image: str = ""
    slot: str = ""
    unmarked: bool = False
    wrapped: bool = False

    def __str__(self) -> str:
        if self.wrapped:
            return "what lies there, with a key of his as the image key"
        if self.unmarked:
            return "what lies there, without the header's mark that it is encrypted"
        return "the attacker's bytes" + (f" as {self.image} for {self.slot}" if self.image else "")


@dataclass(frozen=True, slots=True)
class Erased:
    """All bytes erased."""

    def __str__(self) -> str:
        return "erased"


@dataclass(frozen=True, slots=True)
class Invalidated:
    """An image that NSIB marked as never to be started again."""

    def __str__(self) -> str:
        return "invalidated"


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of a file of the user's, as a life of real bytes names them; `sha256` tells that they are the same."""

    file: str
    sha256: str = ""

    def __str__(self) -> str:
        return self.file


Content = Genuine | Crafted | Erased | Invalidated | File
