"""A standard that asks for properties clause by clause, and which of its clauses a policy bears on."""

from collections.abc import Mapping

from bootverify.dataclass import dataclass
from bootverify.policy.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """One file of `models/standards/`: each clause by its number, with what it asks for in words of ours.

    `cited` is how policies name the document.
    """

    name: str
    cited: str
    title: str
    edition: str
    publisher: str = ""
    url: str = ""
    clauses: Mapping[str, str]

    def clauses_of(self, policy: Policy) -> tuple[str, ...]:
        """The clauses that `policy` bears on, as its references say: one, or several after commas."""
        cited = [each.section for each in policy.references if each.document == self.cited]
        return tuple(clause for section in cited for clause in section.split(", "))
