"""Reads a YAML file into a Written document."""

import hashlib
from pathlib import Path

import yaml

from bootverify.sources.written import Written


def read_written(path, *, shown=""):
    raw = Path(path).read_bytes()
    text = raw.decode()
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    lines = {}

    def walk(n, at):
        lines[at] = n.start_mark.line + 1
        if isinstance(n, yaml.MappingNode):
            out = {}
            for k, v in n.value:
                key = k.value
                out[key] = walk(v, (*at, key))
                lines[(*at, key)] = k.start_mark.line + 1
            return out
        if isinstance(n, yaml.SequenceNode):
            return [walk(v, (*at, i)) for i, v in enumerate(n.value)]
        tag = n.tag.rsplit(":", 1)[-1]
        if n.style in ("'", '"') or tag == "str":
            return n.value
        if tag == "int":
            return int(n.value, 0)
        if tag == "bool" and n.value in ("true", "false"):
            return n.value == "true"
        if tag == "null":
            return None
        return n.value

    plain = walk(node, ())
    return Written(
        file=shown or str(path),
        sha256=hashlib.sha256(raw).hexdigest(),
        plain=plain,
        lines=lines,
        text=tuple(text.splitlines()),
    )
