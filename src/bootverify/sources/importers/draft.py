"""A native design document in the making: plain entries, and for each the places of the input that it comes from."""

from dataclasses import field, replace
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.sources.written import Path, Written


@dataclass(slots=True)
class Draft:
    """Entries by key path; what is put later below a path keeps the path's own source."""

    plain: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, Source] = field(default_factory=dict)

    def put(self, path: Path, value: Any, *sources: Source) -> None:  # noqa: ANN401 - plain YAML data
        """Set the entry at `path`; of several sources the first is the one that reports name."""
        here: Any = self.plain
        for key in path[:-1]:
            here = here.setdefault(key, {})
        here[path[-1]] = value
        if sources:
            self.origins[path] = replace(sources[0], also=(*sources[0].also, *sources[1:]))

    def has(self, path: Path) -> bool:
        """Whether something was put at `path`."""
        here: Any = self.plain
        for key in path:
            if not isinstance(here, dict) or key not in here:
                return False
            here = here[key]
        return True

    def written(self, file: str, inputs: list[tuple[str, str]]) -> Written:
        """The document, as the schema's validation wants it."""
        listed = tuple(dict(sorted(inputs)).items())
        origins = {(): Source(file=file), **self.origins}
        digest = listed[0][1] if listed else ""
        return Written(file=file, sha256=digest, plain=self.plain, lines={}, origins=origins, inputs=listed)
