"""Key material in a known form, as readers of that form find it."""

from bootverify.dataclass import dataclass
from bootverify.secrets.find import Form
from bootverify.secrets.keys import PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A private or symmetric key; `public` is None where its public half cannot be told. Holds no value.

    `symmetric` is the SHA-256 of a raw symmetric key, in hex. `how` tells what surrounds it, or that it is cut short.
    `none` says why it is no key after all, `example` why it is no secret, though nothing tells its public half.
    """

    offset: int
    size: int
    form: Form
    type: str = "unknown"
    public: PublicKey | None = None
    symmetric: str = ""
    how: str = ""
    none: str = ""
    example: str = ""

    @property
    def fingerprint(self) -> str:
        """As in `find.Find`."""
        return self.public.fingerprint if self.public else self.symmetric
