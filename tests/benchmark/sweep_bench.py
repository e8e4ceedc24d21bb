"""How fast the executor loses the power, and what validating an image costs beside the bare primitives."""

import hashlib
import time
from dataclasses import replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.every_cut import End, sweep
from bootverify.executor.making.image_format import ECDSA, Version, parse
from bootverify.executor.making.maker import make_image
from bootverify.executor.mcuboot import signature
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode
from tests.benchmark.timing import best
from tests.unit.executor.mcuboot_board import board, image

SLOT = 1 << 20
PAGE = 4096
PAYLOAD = 512 << 10
GOAL_CUTS, GOAL_RATIO = 10_000, 1.3


def main() -> None:
    cuts()
    validation()


def cuts() -> None:
    """A permanent swap-move of two slots of 1 MiB, nearly full, from every cut point, however often it is cut."""
    made = board(Mode.SWAP_MOVE, sectors=SLOT // PAGE, page=PAGE)
    made.install(0, image(1, SLOT - 40 * PAGE).installed)
    made.install(1, image(2, SLOT - 41 * PAGE).installed)
    made.request(permanent=True)

    def boot() -> End:
        result = boot_go(made.config)
        good = result.outcome is Outcome.BOOT
        return End(good=good, what=f"release {result.images[0].header.major}" if good else result.why)

    before = time.process_time()
    found = sweep([made.flash], boot)
    taken = time.process_time() - before
    each = found.contents / taken
    word = "" if each >= GOAL_CUTS else f"   below {GOAL_CUTS:,}"
    print(
        f"sweep of a 1 MiB swap-move   {taken:6.2f} s: {found.cuts:,} cut points, {found.twice:,} pairs,"
        f" {found.contents:,} contents, {found.bricks} stuck; {each:,.0f} distinct boots a second and core{word}"
    )


def validation() -> None:
    """A boot of one signed image in the primary slot, nothing remembered, beside its digest and its signature alone."""
    key = PrivateKey(Scheme.ECDSA_P256, "test key of the benchmark")
    made = board(Mode.SWAP_MOVE, sectors=160, page=PAGE)
    held = make_image(bytes(range(256)) * (PAYLOAD // 256), version=Version(1), key=key, header_size=0x200).installed
    made.install(0, held)
    made.config = replace(made.config, signature=key.scheme, public_keys=(key.public,))
    found = parse(held)
    signed, value = found.header.header_size + found.header.image_size, found.first(ECDSA)
    public = load_der_public_key(key.public)

    def boot() -> None:
        signature.verify.cache_clear()
        assert boot_go(made.config).outcome is Outcome.BOOT

    def bare() -> None:
        digest = hashlib.sha256(memoryview(held)[:signed]).digest()
        load_der_public_key(key.public)
        public.verify(value, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    ratio = best(boot, 30) / best(bare, 30)
    word = "" if ratio <= GOAL_RATIO else f"   over {GOAL_RATIO}"
    print(f"512 KiB ECDSA-P256 image     validated in {ratio:4.2f} times hashlib + cryptography{word}")
