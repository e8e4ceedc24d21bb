"""Where something is written: what models, policies and support statements cite."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A section of a document.

    `document` is an id of `models/documents.yaml`, how a standard is cited, or a title.
    """

    document: str
    section: str = ""
