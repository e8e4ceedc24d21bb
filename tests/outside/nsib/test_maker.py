"""The maker against the recording's independent builder, which agrees with the vendor's scripts."""

import json
from pathlib import Path

import pytest

from bootverify.check.conform.nsib import Bench
from bootverify.check.conform.nsib_bench import build, erased_memory
from bootverify.executor.nsib.config import Signature
from bootverify.executor.nsib.fwinfo import FwInfo
from bootverify.executor.nsib.maker import sign_image

HERE = Path(__file__).parent
CONFIGURATIONS = sorted(path.parent.name for path in HERE.glob("*/config.json"))
SIGNATURE = 64


class RecordedKey:
    """The public key that an image carries; signs with zeros, for who could sign as recorded?"""

    def __init__(self, public: bytes) -> None:
        self.public = public

    def sign(self, message: bytes) -> bytes:
        return bytes(SIGNATURE)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_images_are_built_as_the_recording_built_them_up_to_the_signature(name):
    recorded = json.loads((HERE / name / "config.json").read_text())
    config = build(recorded)
    lines = (HERE / name / "vectors.jsonl").read_text().splitlines()
    good = [v for v in map(json.loads, lines) if v["category"] in {"genuine", "sequence", "power-cut"}]
    compared = 0
    for vector in good:
        memory = erased_memory(recorded)
        Bench(config, recorded, HERE / "blobs").load(memory, vector["mem"])
        for slot in recorded["slots"]:
            start = int(slot["address"], 0) + int(recorded["pad_before_image"], 0)
            first = start + config.signed_header_skip
            offsets = config.release.search_offsets
            found = [o for o in offsets if memory.equals(first + o, config.magics.fw_info)]
            if not found:
                continue
            info = FwInfo(memory, first + found[0])
            trailer = start + (info.size + 3) // 4 * 4
            ecdsa = config.signature is Signature.ECDSA_P256
            image = sign_image(
                config,
                memory.read(start, info.size),
                address=info.address,
                version=info.version,
                key=RecordedKey(memory.read(trailer + 48, 64) if ecdsa else b""),
                boot_address=info.boot_address,
                fw_info_offset=found[0],
            )
            theirs = memory.read(start, len(image))
            digest = slice(trailer - start + 16, trailer - start + 48)
            same = image[:-SIGNATURE] == theirs[:-SIGNATURE]
            # A body that the recording damaged after signing has another digest.
            assert same or image[: digest.start] == theirs[: digest.start]
            compared += same
    assert compared or not good
