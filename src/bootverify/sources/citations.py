"""What is cited, by title and address: ours of `models/documents.yaml`, and standards; the form is in `model_files`."""

from functools import cache

from bootverify.dataclass import dataclass
from bootverify.design.reference import Reference
from bootverify.sources.catalog import find, shown
from bootverify.sources.document import read_written
from bootverify.sources.standards import ALL, standards


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as a reader looks for it; what nobody has told is empty.

    `path` is a file or folder in the public source tree `repository`; `url` the address of what lies in none.
    """

    title: str
    publisher: str = ""
    edition: str = ""
    repository: str = ""
    path: str = ""
    url: str = ""

    @property
    def address(self) -> str:
        """Where a browser finds it; empty where nothing tells.

        >>> Document(title="MCUboot: Bootloader", repository="mcu-tools/mcuboot", path="docs/design.md").address
        'https://github.com/mcu-tools/mcuboot/blob/main/docs/design.md'
        """
        if self.url or not self.repository:
            return self.url
        return f"https://github.com/{self.repository}" + (f"/blob/main/{self.path}" if self.path else "")

    @property
    def imprint(self) -> str:
        """Who publishes it, and which edition was read."""
        return ", ".join(each for each in (self.publisher, self.edition) if each)

    @property
    def place(self) -> str:
        """Where it is found, in a line for people; empty where nothing tells."""
        return self.url or " ".join(each for each in (self.repository, self.path) if each)


def documents() -> dict[str, Document]:
    """All that is known, by the name it is cited by."""
    return _listed() | _standards()


@cache
def _listed() -> dict[str, Document]:
    path = find("models", "documents")
    entries = read_written(path, shown=shown(path)).plain["documents"]
    return {name: Document(**entry) for name, entry in entries.items()}


@cache
def _standards() -> dict[str, Document]:
    return {
        each.cited: Document(
            title=f"{each.cited} ({each.title})", publisher=each.publisher, edition=each.edition, url=each.url
        )
        for each in standards([ALL])
    }


def document(reference: Reference) -> Document:
    """What `reference` cites; where it is not known, a document of that title."""
    cited = reference.document
    return _listed().get(cited) or _standards().get(cited) or Document(title=cited)


def titled(reference: Reference) -> str:
    """The title and the section.

    >>> titled(Reference(document="ps-nrf5340", section="KMU"))
    'nRF5340 Product Specification, KMU'
    """
    return ", ".join(each for each in (document(reference).title, reference.section) if each)
