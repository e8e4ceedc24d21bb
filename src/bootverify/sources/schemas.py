"""JSON Schemas of the files that users write, from the models that read them."""

from typing import Any

from pydantic import BaseModel

from bootverify.sources.attackers import AttackerEntry
from bootverify.sources.models import SocEntry, StageEntry
from bootverify.sources.policies import PolicyEntry
from bootverify.sources.schema import DesignEntry

KINDS: dict[str, type[BaseModel]] = {
    "design": DesignEntry,
    "policy": PolicyEntry,
    "soc": SocEntry,
    "stage": StageEntry,
    "attacker": AttackerEntry,
}


def json_schema(kind: str) -> dict[str, Any]:
    """The schema of the files of `kind`; KeyError for an unknown kind."""
    schema = KINDS[kind].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
