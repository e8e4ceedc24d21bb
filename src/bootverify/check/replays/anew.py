"""Writes that an attacker repeats once he can sign: a content does not tell with what his bytes were made.

To the encoder what he wrote verifies as soon as a key of his counts. On a device NSIB has marked an image that it
refused before, and what was made with less in his hands stays refused; so he writes it once more.
"""

from collections.abc import Sequence

from bootverify.machine.action import Action, FillSlot, Overwrite
from bootverify.machine.content import Crafted


def written_anew(actions: Sequence[Action]) -> tuple[Action, ...]:
    """`actions`, with his bytes of before written again each time that a key slot holds a key of his."""
    done: list[Action] = []
    his: dict[str, Overwrite] = {}
    for action in actions:
        done.append(action)
        match action:
            case Overwrite(partition=where, content=Crafted()):
                his[where] = action
            case Overwrite(partition=where):
                his.pop(where, None)
            case FillSlot():
                done += his.values()
            case _:
                pass
    return tuple(done)
