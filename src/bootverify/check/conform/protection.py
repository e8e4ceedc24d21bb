"""Runs recorded vectors of the vendor's protection set-up (fprotect, TF-M) against the executor.

The form of the vectors is described beside them (tests/outside/protection/README.md). Compared are return codes, the
assertion or panic that stopped the code, the ranges it computed, every register, the derived map and ignored writes.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bootverify.check.conform.outcome import Conformity, Disagreement, Unsupported
from bootverify.check.conform.protection_bench import Json, Units, build_of, number
from bootverify.check.conform.protection_registers import ignored, map_of, registers
from bootverify.check.conform.protection_tfm import run_tfm
from bootverify.check.conform.recording import DAMAGED, configuration, no_vector, vectors
from bootverify.executor.fprotect import FprotectAcl, FprotectRram, FprotectSpu
from bootverify.executor.making.vendor_build import AssertionFailedError, PanicError
from bootverify.executor.nsib.next_stage import fits, protect_next_stage
from bootverify.executor.tfm.spu_setup import callable_config, flash_config, ram_config, reset_unlocked_secure
from bootverify.executor.units.spu import LOCK, SECURE


def run(directory: Path) -> Conformity:
    """Run every vector of `directory` and compare; a directory without vectors gives none."""
    outcome = Conformity()
    config = configuration(directory / "config.json")
    if not config:
        return outcome
    for place, vector in vectors(directory / "vectors.jsonl"):
        if vector is None:
            outcome.count(directory.name, DAMAGED, no_vector(place))
            continue
        soc, category, name = (str(vector.get(key, place)) for key in ("soc", "cat", "id"))
        outcome.run(soc, category, name, partial(_compared, vector, config))
    return outcome


def _compared(vector: Json, config: Json) -> Iterator[Disagreement]:
    return _differences(vector["id"], _expected(vector, config), _got(vector, config))


def _expected(vector: Json, config: Json) -> Json:
    out = dict(vector["out"])
    if "profile" in out:
        out["profile"] = config["profiles"][out["profile"]]
    return out


def _got(vector: Json, config: Json) -> Json:
    units = Units.of(vector["soc"], config)
    if "flavour" in vector["in"]:
        return run_tfm(units, vector)
    return _run_calls(units, vector)


def _run_calls(units: Units, vector: Json) -> Json:
    """The calls of all stages, until one stops."""
    got: Json = {"rc": []}
    units.preset(vector["in"].get("preset", {}))
    try:
        for stage in vector["in"]["stages"]:
            call = _program(units, vector, got)
            for name, *arguments in stage:
                code = call(name, [number(argument) for argument in arguments])
                if code is not None:
                    got["rc"].append(code)
    except AssertionFailedError as stop:
        got["assert"] = stop.label
    except PanicError as stop:
        got["panic"] = stop.label
    return got | {"regs": registers(units), "map": map_of(units), "ignored_writes": ignored(units)}


def _program(units: Units, vector: Json, got: Json) -> Callable[[str, list[int]], int | None]:
    """One boot stage: a function that makes a call by name and gives its return code, None where there is none."""
    library, build = units.fprotect(vector), build_of(vector)

    def call(name: str, arguments: list[int]) -> int | None:
        match name, library:
            case "fprotect_area", _:
                return library.area(*arguments)
            case "fprotect_area_no_access", FprotectAcl():
                return library.area_no_access(*arguments)
            case "fprotect_is_protected", FprotectAcl():
                return library.is_protected(*arguments)
            case "protect_next_stage", FprotectRram():
                *slots, chosen = arguments
                pairs = ((slots[0], slots[1]), (slots[2], slots[3]))
                if not fits(library.rramc, pairs):
                    got["build_check"] = [1]
                return protect_next_stage(library.rramc, pairs, chosen)
            case (("flash_config" | "sram_config"), FprotectSpu(spu=spu)):
                first, last, secure, permissions, lock = arguments
                value = permissions | (SECURE if secure else 0) | (LOCK if lock else 0)
                set_regions = flash_config if name == "flash_config" else ram_config
                set_regions(spu, first, last, value, build)
                return None
            case "nsc_config", FprotectSpu(spu=spu):
                callable_config(spu, arguments[0], arguments[1], build)
                return None
            case "reset_unlocked_secure", FprotectSpu(spu=spu):
                reset_unlocked_secure(spu, (), build)
                return None
            case _:
                raise Unsupported(name)

    return call


def _differences(vector: str, expected: Json, got: Json) -> Iterator[Disagreement]:
    """What differs; something absent is the same as something empty."""
    for what in sorted(got.keys() | expected.keys()):
        pair = [_without_empty(each.get(what)) for each in (expected, got)]
        if pair[0] != pair[1]:
            texts = [json.dumps(value) for value in pair]
            yield Disagreement(vector=vector, step=0, what=what, expected=texts[0], got=texts[1])


def _without_empty(value: Json) -> Json:
    """`value` without members that are empty, None when nothing is left; numbers and flags stay."""
    if isinstance(value, dict):
        kept = {key: _without_empty(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each is not None} or None
    if isinstance(value, list):
        return value or None
    return value
