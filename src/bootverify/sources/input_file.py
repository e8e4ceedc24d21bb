"""Takes the bytes of one of the user's files, and no more of them than a bound."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from bootverify.errors import InputError

MIB = 1 << 20


def read_bytes(path: Path | str, *, limit: int, shown: str = "") -> bytes:
    """The content of the file; `shown` is how faults name it.

    Raises:
        InputError: no such file, no plain file, unreadable, or too long (then it is not read).
    """
    name = shown or str(path)
    try:
        with open(path, "rb", buffering=0, opener=_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError.at(name, 0, "this is no plain file; name a file")
            if status.st_size > limit:
                raise InputError.at(name, 0, _too_long(status.st_size, limit))
            content = _all_of(file.read, limit)
    except FileNotFoundError:
        raise InputError.at(name, 0, "there is no such file; check the path") from None
    except IsADirectoryError:
        raise InputError.at(name, 0, "this is a directory; name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError.at(name, 0, f"the file cannot be read: {reason.lower()}") from None
    if len(content) > limit:  # it grew while it was read
        raise InputError.at(name, 0, _too_long(len(content), limit))
    return content


def read_text(path: Path | str, *, limit: int, shown: str = "") -> str:
    """The content of a UTF-8 file, without a byte order mark; line ends stay as they are.

    Raises:
        InputError: as `read_bytes`, or the bytes are not UTF-8; with the line.
    """
    return decoded(read_bytes(path, limit=limit, shown=shown), shown or str(path))


def decoded(content: bytes, name: str) -> str:
    """`content` as text; an `InputError` that names the line when it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise InputError.at(name, line, message) from None


def _at_once(path: str, flags: int) -> int:
    """Opens without waiting: a named pipe would keep us until somebody writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _all_of(read: Callable[[int], bytes | None], limit: int) -> bytes:
    parts, length = [], 0
    while length <= limit and (part := read(min(limit + 1 - length, 16 * MIB))):
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def _too_long(size: int, limit: int) -> str:
    return f"the file has {size:,} bytes, and at most {limit:,} are read; name another file"
