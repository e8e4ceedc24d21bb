"""Changes inputs: by bytes, by lines, and by what people and tools do to text files. The seed decides everything."""

import random
from collections.abc import Callable, Sequence

NUMBERS = [
    *(b"0", b"-1", b"0x0", b"0xffffffff", b"0x100000000", b"18446744073709551616", b"1e400", b"0x" + b"f" * 200),
    *(b"9" * 41, b"010", b"1_000", b"64K", b"0.5", b"true", b"null", b"~", b".inf"),
]
WORDS = [
    *(b"&a", b"*a", b"<<: *a", b"!!python/object:os.system", b"!!int", b"---\n", b"...\n", b"%YAML 9.9\n"),
    *(b"[", b"]", b"{", b"}", b": ", b"- ", b"\t", b'"', b"'", b"/*", b"*/", b"//", b"<", b">", b";", b"#", b"\\"),
    *(b"\x00", b"\x1b[31m", b"\xff\xfe", b"\xed\xa0\x80", b"\r", b"\r\n"),
    *("\u202e".encode(), "\u2028".encode(), "\x85".encode(), "ä日本".encode()),
    *(b"span", b"memory", b"network", b"partitions", b"address", b"size", b"region", b"otp", b"external_flash"),
]

Change = Callable[[random.Random, bytes], bytes]


def mutated(rng: random.Random, seeds: Sequence[bytes], most: int = 60_000) -> bytes:
    """One of `seeds`, changed a few times."""
    content = rng.choice(seeds)
    for _ in range(rng.choice([1, 1, 2, 3, 5, 9])):
        change = rng.choice(CHANGES)
        content = spliced(rng, content, rng.choice(seeds)) if change is truncated else change(rng, content)
    return content[:most]


def spliced(rng: random.Random, content: bytes, other: bytes) -> bytes:
    """The beginning of one, and the end of another or nothing."""
    start = content[: rng.randrange(len(content) + 1)]
    return start + (other[rng.randrange(len(other) + 1) :] if rng.random() < 0.5 else b"")


def truncated(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def flipped(rng: random.Random, content: bytes) -> bytes:
    if not content:
        return b"\x00"
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def inserted(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(WORDS) + content[at:]


def repeated(rng: random.Random, content: bytes) -> bytes:
    """A piece stands there again, once or very often."""
    at, length = rng.randrange(len(content) + 1), rng.choice([1, 2, 8, 40, 300])
    return content[:at] + content[at : at + length] * rng.choice([2, 2, 3, 80]) + content[at:]


def swapped(rng: random.Random, content: bytes) -> bytes:
    a, b = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    c = min(len(content), b + rng.choice([1, 4, 30]))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def renumbered(rng: random.Random, content: bytes) -> bytes:
    """A number becomes another, often one that fits nowhere."""
    places = [i for i, sign in enumerate(content) if chr(sign).isdigit() and not chr(content[i - 1]).isalnum()]
    if not places:
        return content + rng.choice(NUMBERS)
    start = rng.choice(places)
    end = start
    while end < len(content) and chr(content[end]).isalnum():
        end += 1
    number = rng.choice(NUMBERS) if rng.random() < 0.6 else b"%#x" % (rng.randrange(1 << 9) << rng.randrange(26))
    return content[:start] + number + content[end:]


def by_lines(rng: random.Random, content: bytes) -> bytes:
    """Lines are doubled, lost, moved, indented otherwise."""
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            lines.insert(at, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines.insert(rng.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = b" " * rng.randrange(6) + lines[at].strip()
        case _:
            lines.insert(at, lines[rng.randrange(len(lines))])
    return b"\n".join(lines)


def encoded(rng: random.Random, content: bytes) -> bytes:
    """As another editor would have saved it."""
    match rng.randrange(4):
        case 0:
            return content.replace(b"\n", b"\r\n")
        case 1:
            return b"\xef\xbb\xbf" + content
        case 2:
            return content.decode("utf-8", "replace").encode("utf-16")
        case _:
            return content.replace(b"\n", b"\r")


CHANGES: list[Change] = [truncated, flipped, flipped, inserted, inserted, repeated, swapped, renumbered, renumbered,
                         by_lines, by_lines, encoded]  # fmt: skip
