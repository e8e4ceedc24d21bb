"""The register of a group of flash regions, as variables."""

from dataclasses import dataclass

from bootverify.encoder.terms import Term, var


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The registers of flash regions that read alike."""

    members: tuple[int, ...]
    secure: Term
    read: Term
    write: Term
    execute: Term
    locked: Term
    tampered: Term

    @property
    def fields(self) -> tuple[Term, ...]:
        """The variables of the register, in the order of the docstring of this module."""
        return (self.secure, self.read, self.write, self.execute, self.locked)


RESET_REGION = (True, True, True, True, False)  # soc.md 2.1: reset value 0x17


def region(members: tuple[int, ...]) -> Region:
    """The register of the regions with these numbers, named after them."""
    name = f"region[{_ranges(members)}]"
    return Region(
        members=members,
        secure=var(f"{name}.secure"),
        read=var(f"{name}.read"),
        write=var(f"{name}.write"),
        execute=var(f"{name}.execute"),
        locked=var(f"{name}.locked"),
        tampered=var(f"{name}.tampered"),
    )


def _ranges(numbers: tuple[int, ...]) -> str:
    """Numbers in order as text: `0-1,7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
