"""How vendor code was built: a failing assertion stops a debug build and does not exist in a release build."""

from bootverify.dataclass import dataclass


class StoppedError(Exception):
    """The program goes no further; whoever runs it turns this into a halt of the device.

    `label` names the assertion that failed, or the panic that was called.
    """

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.label = label


class AssertionFailedError(StoppedError):
    """An assertion of a debug build failed."""


class PanicError(StoppedError):
    """The program gave up by itself, in any build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Whether assertions are compiled in."""

    assertions: bool

    def require(self, condition: bool, label: str) -> None:
        """Raise `AssertionFailedError` in a debug build when `condition` does not hold."""
        if self.assertions and not condition:
            raise AssertionFailedError(label)


RELEASE = Build(assertions=False)
DEBUG = Build(assertions=True)
