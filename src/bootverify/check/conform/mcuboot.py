"""Runs recorded vectors of MCUboot's boot code against the executor.

The form of the vectors is described beside them (tests/outside/mcuboot/README.md). Compared are the outcome, the active
images, swap types and swaps, counters, the number of operations, and every byte of every area after each step.
"""

import json
from collections.abc import Iterator
from dataclasses import field
from hashlib import sha256
from pathlib import Path

from bootverify.check.conform.mcuboot_bench import Board, build, segment_bytes
from bootverify.check.conform.outcome import Conformity, Disagreement
from bootverify.check.conform.recording import Json, run_below
from bootverify.dataclass import dataclass
from bootverify.executor.flash import Power, powered
from bootverify.executor.mcuboot.boot import ActiveImage, BootResult, Outcome, boot_go
from bootverify.executor.mcuboot.trailer import SwapType
from bootverify.machine.tear import HALF

SHORT = 32  # hex digits


def run(directory: Path) -> Conformity:
    """Run every vector below `directory` and compare."""
    return run_below(directory, lambda recorded: Bench(recorded, directory / "blobs").run)


@dataclass(slots=True)
class Bench:
    """One ready to run its vectors."""

    recorded: Json
    blobs: Path
    board: Board = field(init=False)

    def __post_init__(self) -> None:
        self.board = build(self.recorded)

    def run(self, vector: Json) -> Iterator[Disagreement]:
        """Run one vector from erased areas; yields what differs."""
        before, touched = self._start(vector), set[str]()
        counters = self._counters(vector)
        for step, (op, expected) in enumerate(zip(vector["ops"], vector["expect"], strict=True)):
            if op["op"] != "boot":
                self._change(op)
                touched.add(op["area"])
                continue
            got = _told(self._boot(op, counters), upgrades=self.board.config.mode.upgrades)
            after = self.board.contents()
            listed = touched | {name for name in after if after[name] != before[name]}
            got["sha256"] = {name: _digest(after[name]) for name in listed}
            if "nv" in vector:
                got["nv"] = list(counters)
            if "flash" in expected:
                yield from self._cut_flash(vector["id"], step, expected)
            yield from _differences(vector["id"], step, expected, got)
            before, touched = after, set()
        yield from self._final(vector)

    def results(self, vector: Json) -> list[BootResult]:
        """Carry out the steps of a vector; the result of each boot, whatever was recorded."""
        self._start(vector)
        counters = self._counters(vector)
        results = []
        for op in vector["ops"]:
            if op["op"] == "boot":
                results.append(self._boot(op, counters))
            else:
                self._change(op)
        return results

    def _counters(self, vector: Json) -> list[int]:
        return list(vector.get("nv", [0] * len(self.board.config.images)))

    def _start(self, vector: Json) -> dict[str, bytes]:
        self.board.erase()
        for segment in vector["flash"]:
            self._load(segment["area"], segment)
        return self.board.contents()

    def _change(self, op: Json) -> None:
        """What the application does between two boots: program bytes, or rewrite an area."""
        flash = self.board.flashes[op["area"]]
        if op["op"] == "write":
            value = bytes.fromhex(op["hex"])
            old = flash.data[op["off"] : op["off"] + len(value)]
            flash.load(flash.start + op["off"], bytes(one & other for one, other in zip(old, value, strict=True)))
            return
        flash.load(flash.start, b"\xff" * flash.size)
        for segment in op["flash"]:
            self._load(op["area"], segment)

    def _boot(self, op: Json, counters: list[int]) -> BootResult:
        flashes = list(self.board.flashes.values())
        with powered(flashes, Power(op.get("cut_after"), torn=HALF if op.get("torn") else None)):
            return boot_go(self.board.config, counters)

    def _load(self, area: str, segment: Json) -> None:
        flash, value = self.board.flashes[area], segment_bytes(self.blobs, segment)
        if segment["off"] < 0 or segment["off"] + len(value) > flash.size:
            raise ValueError(f"a segment leaves the area {area}")
        flash.load(flash.start + segment["off"], value)

    def _cut_flash(self, vector: str, step: int, expected: Json) -> Iterator[Disagreement]:
        """The complete content after a power cut, where it is recorded."""
        wanted = {name: bytearray(b"\xff" * flash.size) for name, flash in self.board.flashes.items()}
        for segment in expected["flash"]:
            value = segment_bytes(self.blobs, segment)
            wanted[segment["area"]][segment["off"] : segment["off"] + len(value)] = value
        for name, flash in self.board.flashes.items():
            if wanted[name] != flash.data:
                at = next(n for n in range(flash.size) if wanted[name][n] != flash.data[n])
                texts = [f"{each[at]:#04x} at {name}+{at:#x}" for each in (wanted[name], flash.data)]
                yield Disagreement(vector=vector, step=step, what="flash", expected=texts[0], got=texts[1])

    def _final(self, vector: Json) -> Iterator[Disagreement]:
        """The content after the last step."""
        last = len(vector["ops"]) - 1
        for name, digest in vector.get("final_sha256", {}).items():
            got = sha256(self.board.flashes[name].data).hexdigest()
            if got != digest:
                yield Disagreement(vector=vector["id"], step=last, what=f"final {name}", expected=digest, got=got)


def _differences(vector: str, step: int, expected: Json, got: Json) -> Iterator[Disagreement]:
    """What differs; something absent is the same as something empty."""
    for what in sorted((got.keys() | expected.keys()) - {"flash", "reprogrammed_bytes", "bad_accesses"}):
        pair = tuple(each.get(what) for each in (expected, got))
        if pair[0] != pair[1] and any(value or value == 0 for value in pair):
            texts = [json.dumps(value) for value in pair]
            yield Disagreement(vector=vector, step=step, what=what, expected=texts[0], got=texts[1])


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:SHORT]


# -- the result in the form of the recording


def _told(result: BootResult, *, upgrades: bool) -> Json:
    got: dict[str, Json] = {"result": result.outcome.value, "ops": result.power.spent}
    if upgrades:
        got["swap_type_initial"] = [None if kind is None else _name(kind) for kind in result.asked]
        got["swap_type_final"] = ["?" if kind is None else _name(kind) for kind in result.swap_types]
    if result.swaps:
        got["swaps"] = [
            {"image": swap.image, "type": _name(swap.kind), "resumed": swap.resumed} for swap in result.swaps
        ]
    if result.outcome is Outcome.BOOT:
        got["image_off"] = result.images[0].address
        got["images"] = [_image(image) for image in result.images]
    return got


def _name(kind: int) -> str:
    return SwapType(kind).name.lower() if kind in set(SwapType) else "?"


def _image(image: ActiveImage) -> Json:
    header = image.header
    found: dict[str, Json] = {
        "slot": image.slot,
        "version": header.version_text,
        "hdr_size": header.header_size,
        "img_size": header.image_size,
        "flags": header.flags,
    }
    if image.loaded is not None:
        address, content = image.loaded
        loaded = {"load_addr": address, "load_size": len(content), "ram_sha256": sha256(content).hexdigest()}
        found.update(loaded)
    return found
