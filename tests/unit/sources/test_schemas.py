"""The JSON Schemas that editors are given: they take and refuse what the loader does, and tell of every field."""

import copy
import random
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from tests.designs.build_dirs import Build, write_build

from bootverify.sources import importers
from bootverify.sources.document import parse_written, read_written
from bootverify.sources.schema import DesignEntry
from bootverify.sources.schemas import KINDS, json_schema
from bootverify.sources.starter import started
from bootverify.sources.template import TEMPLATE

TESTS = Path(__file__).resolve().parents[2]
DESIGNS = sorted([*(TESTS / "scenarios").glob("*.yaml"), *(TESTS / "designs").glob("*.yaml")])
VALIDATOR = Draft202012Validator(json_schema("design"))
STRANGE = (None, True, 0, -1, 1 << 40, 7.5, "32K", "5", "yes", "nonsense", "", [], ["b0"], {}, {"image": "mcuboot"})


def places(plain, path=()):
    yield path
    match plain:
        case dict():
            inner = plain.items()
        case list():
            inner = enumerate(plain)
        case _:
            inner = ()
    for key, below in inner:
        yield from places(below, (*path, key))


def edited(plain, path, value, how):
    """A copy with another value at the path, with nothing there, or with one more key or item inside."""
    plain = copy.deepcopy(plain)
    parent = plain
    for key in path[:-1]:
        parent = parent[key]
    inside = parent[path[-1]]
    match how, inside:
        case "remove", _:
            del parent[path[-1]]
        case "add", dict():
            inside["nonsense"] = value
        case "add", list():
            inside.append(value)
        case _:
            parent[path[-1]] = value
    return plain


def loads(plain):
    try:
        DesignEntry.model_validate(plain)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_every_design_here_is_valid_and_what_the_loader_refuses_of_its_edits_is_not(path):
    plain = read_written(path).plain
    assert VALIDATOR.is_valid(plain)
    rng = random.Random(path.stem)
    inside = [place for place in places(plain) if place]
    taken = set()
    for _ in range(40):
        change = rng.choice(inside), rng.choice(STRANGE), rng.choice(["change", "change", "add", "remove"])
        other = edited(plain, *change)
        taken.add(loads(other))
        assert VALIDATOR.is_valid(other) is loads(other), change
    assert taken == {True, False}


def test_what_init_and_import_write_is_valid(tmp_path):
    build = write_build(tmp_path / "app" / "build", Build(nsib=True, tfm=True))
    for text in (TEMPLATE, importers.imported_text(build), started("nrf54l15", ["mcuboot", "tfm"])):
        assert VALIDATOR.is_valid(parse_written(text, "x.yaml").plain)


@pytest.mark.parametrize("kind", ["design", "policy", "attacker"])
def test_every_field_of_what_users_write_is_described(kind):
    schema = json_schema(kind)
    parts = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    bare = [name for part in parts for name, field in part["properties"].items() if not field.get("description")]
    assert not bare
    assert kind in KINDS


def test_parts_are_completed_and_sizes_may_be_written_as_text():
    schema = json_schema("design")
    assert {"nrf5340", "nrf54l15"} < {*schema["properties"]["soc"]["examples"]}
    plain = parse_written(TEMPLATE, "x.yaml").plain
    plain["partitions"]["b0"]["size"] = "32K"
    assert VALIDATOR.is_valid(plain)
    plain["partitions"]["b0"]["size"] = "32 apples"
    assert not VALIDATOR.is_valid(plain)
