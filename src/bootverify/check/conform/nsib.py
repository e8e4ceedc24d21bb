"""Runs recorded vectors of the vendor's NSIB against the executor.

The form of the vectors is described beside them (tests/outside/nsib/README.md). Compared are the
outcome, every changed word and key, the trials and events in their order, the fault address, and
the final content of the regions.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from bootverify.check.conform.nsib_bench import (
    Faults,
    FaultyFlash,
    Json,
    Keys,
    Protection,
    blob,
    build,
    erased_memory,
    reset_ram,
)
from bootverify.check.conform.outcome import Conformity, Disagreement
from bootverify.check.conform.recording import run_below
from bootverify.dataclass import dataclass
from bootverify.executor.flash import Flash, Power, powered
from bootverify.executor.memory import Memory
from bootverify.executor.nsib import NsibConfig, NsibResult, boot
from bootverify.executor.nsib.event import (
    Booted,
    Event,
    ExtApiGiven,
    Faulted,
    KeyBlocked,
    KeyPurged,
    KeyRevoked,
    NothingBooted,
    Panicked,
    PowerCut,
    Protected,
    Trial,
    TrialStarted,
    WordWritten,
)

STORAGE_HASHED = {"otp": 0x280, "otp-word": 0x460, "flash": 0x1000}
CHUNK = 0x1000


def run(directory: Path) -> Conformity:
    """Run every vector below `directory` and compare."""
    return run_below(directory, lambda recorded: Bench(build(recorded), recorded, directory / "blobs").run)


@dataclass(slots=True)
class Bench:
    """One ready to run its vectors."""

    config: NsibConfig
    recorded: Json
    blobs: Path

    def run(self, vector: Json) -> Iterator[Disagreement]:
        """Run one vector from erased memory; yields what differs."""
        memory = erased_memory(self.recorded)
        self.load(memory, (*self.recorded["base"], *vector["mem"]))
        keys = Keys.of(vector["kmu"]) if "kmu" in vector else None
        first = self._regions(memory)
        for step, (op, expected) in enumerate(zip(vector["ops"], vector["expect"], strict=True)):
            if op["op"] == "load":
                erased = ({"addr": at, "len": size, "fill": 0xFF} for at, size in op["erase"])
                self.load(memory, (*erased, *op["mem"]))
            else:
                got = self._boot(memory, keys, op)
                yield from _differences(vector["id"], step, expected, got)
        last = self._regions(memory)
        changed = {name: _digest(last[name]) for name in last if last[name] != first[name]}
        hashes = ({"final_sha256": each} for each in (vector["final_sha256"], changed))
        yield from _differences(vector["id"], len(vector["ops"]) - 1, *hashes)

    def _boot(self, memory: Memory, keys: Keys | None, op: Json) -> Json:
        """One boot with the faults that `op` asks for, in the form of the recording."""
        reset_ram(memory)
        faults = Faults(Power(op.get("cut_after")), frozenset(op.get("ignore_writes", ())))
        for flash in memory.flashes:
            assert isinstance(flash, FaultyFlash)
            flash.faults = faults
        if keys is not None:
            keys.faults = faults
        protection = Protection.of(self.recorded["protection"], op)
        before = [bytes(flash.data) for flash in memory.flashes]
        with powered(list(memory.flashes), faults.power):
            result = boot(
                self.config,
                memory,
                protection=protection,
                key_store=keys,
                crypto_starts=not op.get("crypto_init_fail", False),
            )
        got = _ending(result)
        got["events"] = _events(result.events, protection.locks)
        got["trials"] = [_trial(trial) for trial in result.trials]
        got["ext_api"] = self._given(memory, result.events)
        got["changed"] = _changed(memory.flashes, before)
        if keys is not None and any(isinstance(event, KeyRevoked) for event in result.events):
            got["kmu"] = keys.state()
        return got

    def load(self, memory: Memory, segments: tuple[Json, ...]) -> None:
        """Put segments into memory as they are, later ones over earlier ones."""
        for segment in segments:
            if "hex" in segment:
                value = bytes.fromhex(segment["hex"])
            elif "fill" in segment:
                value = bytes([segment["fill"]]) * segment["len"]
            else:
                whole, start = blob(self.blobs / f"{segment['blob']}.z"), segment.get("boff", 0)
                value = whole[start : start + segment.get("len", len(whole))]
            for part in memory.parts:
                if part.holds(segment["addr"], len(value)):
                    at = segment["addr"] - part.start
                    part.data[at : at + len(value)] = value

    def _regions(self, memory: Memory) -> dict[str, bytes]:
        """The content that the final hashes are about."""
        regions = {}
        for slot in self.recorded["slots"]:
            start, size = int(slot["address"], 0), int(slot["size"], 0)
            regions[f"s{slot['slot']}"] = memory.read(start, size)
        storage = self.recorded["storage"]
        size = STORAGE_HASHED[storage["kind"]]
        regions["storage"] = memory.read(int(storage["address"], 0), size)
        return regions

    def _given(self, memory: Memory, events: tuple[Event, ...]) -> list[list[str]]:
        """The words that were set to an interface, with the interface that stands there now."""
        known = {api.address: api.id for api in self.config.ext_apis} | {0: 0}
        pointers = dict.fromkeys(e.pointer for e in events if isinstance(e, ExtApiGiven))
        return [[_hex(pointer), _hex(known[memory.word(pointer)])] for pointer in pointers]


def _differences(vector: str, step: int, expected: Json, got: Json) -> Iterator[Disagreement]:
    """What differs; something absent is the same as something empty."""
    for what in sorted(got.keys() | expected.keys()):
        pair = tuple(each.get(what) for each in (expected, got))
        if pair[0] != pair[1] and any(value or value == 0 for value in pair):
            texts = [json.dumps(value) for value in pair]
            yield Disagreement(vector=vector, step=step, what=what, expected=texts[0], got=texts[1])


# ---- the result in the form of the recording


def _ending(result: NsibResult) -> dict[str, Json]:
    match result.ending:
        case Booted(slot=slot, vtor=vtor, msp=msp, pc=pc):
            where = {"vtor": _hex(vtor), "msp": _hex(msp), "pc": _hex(pc)}
            return {"result": "boot", "slot": slot, **where}
        case NothingBooted(why=why):
            return {"result": "none", "why": why.value}
        case Faulted(kind=kind, address=address):
            return {"result": "fault", "fault": [kind, _hex(address)]}
        case Panicked():
            return {"result": "panic"}
        case PowerCut():
            return {"result": "powercut"}


def _trial(trial: Trial) -> Json:
    notes = {"notes": [note.value for note in trial.notes]} if trial.notes else {}
    return {"slot": trial.slot, "outcome": trial.outcome.value, **notes}


def _events(events: tuple[Event, ...], locks: list[Json]) -> list[Json]:
    """The events, each protection call preceded by what it locked."""
    listed: list[Json] = []
    calls = iter(locks)
    for event in events:
        match event:
            case Protected(start=start, length=length, code=code):
                lock = next(calls)
                listed += [] if lock is None else [lock]
                listed.append(["fprotect", _hex(start), _hex(length), code])
            case TrialStarted(slot=slot):
                listed.append(["trial", slot])
            case WordWritten(address=address, value=value, old=old, new=new):
                listed.append(["write", _hex(address), _word(value), _word(old), _word(new)])
            case KeyRevoked(index=index):
                listed.append(["kmu-revoke", index])
            case KeyBlocked(index=index):
                listed.append(["kmu-block", index])
            case KeyPurged(index=index):
                listed.append(["kmu-purge", index])
            case ExtApiGiven():
                pass  # compared through the memory
    return listed


def _changed(flashes: tuple[Flash, ...], before: list[bytes]) -> dict[str, str]:
    """Every aligned word that differs from before, with its new value."""
    changed = {}
    for flash, old in zip(flashes, before, strict=True):
        for chunk in range(0, flash.size, CHUNK):
            if flash.data[chunk : chunk + CHUNK] == old[chunk : chunk + CHUNK]:
                continue
            for at in range(chunk, chunk + CHUNK, 4):
                word = flash.data[at : at + 4]
                if word != old[at : at + 4]:
                    changed[_hex(flash.start + at)] = _word(int.from_bytes(word, "little"))
    return changed


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]


def _hex(value: int) -> str:
    return f"{value:#x}"


def _word(value: int) -> str:
    return f"{value:#010x}"
