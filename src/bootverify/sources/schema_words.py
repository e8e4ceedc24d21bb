"""What every part of a design file is written in: numbers and sizes, names, and models that know all their keys."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bootverify.ranges import SIZE, parse_size


def _number(value: object) -> object:
    if isinstance(value, str):
        return parse_size(value)
    if isinstance(value, bool):
        raise ValueError("should be a number, not a truth value")  # noqa: TRY004 - pydantic reports ValueError
    return value


_AS_JSON = {
    "anyOf": [{"type": "integer", "minimum": 0, "exclusiveMaximum": 1 << 32}, {"type": "string", "pattern": SIZE}]
}
Number = Annotated[int, BeforeValidator(_number), Field(ge=0, lt=1 << 32), WithJsonSchema(_AS_JSON)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.+:@ -]+$")]


class Strict(BaseModel):
    """Base: no key that we do not know, and no value of another kind, such as `yes` for true."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, strict=True)
