"""What every part of a design file is written in: numbers and sizes, names, and models that know all their keys."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bootverify.ranges import parse_size


def _number(value: object) -> object:
    if isinstance(value, str):
        return parse_size(value)
    if isinstance(value, bool):
        raise ValueError("should be a number, not a truth value")  # noqa: TRY004 - pydantic reports ValueError
    return value


Number = Annotated[int, BeforeValidator(_number), Field(ge=0, lt=1 << 32)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.+:@ -]+$")]


class Strict(BaseModel):
    """Base: no key that we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
