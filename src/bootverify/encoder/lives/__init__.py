"""Claims about what is told of a device's life as conditions; `CONDITIONS` by the names of `policy.told`."""

from collections.abc import Callable, Mapping
from typing import Any

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.lives import anchors, areas, confidential, downgrade, layout, signed, updates
from bootverify.machine.judgement import Judgement

CONDITIONS: Mapping[str, Callable[[Design, Any, Attacker], Judgement]] = {
    "area_works": areas.area_works,
    "no_downgrade": downgrade.no_downgrade,
    "image_hidden": confidential.image_hidden,
    "part_hidden": confidential.part_hidden,
    "update_taken": updates.update_taken,
    "way_back": updates.way_back,
    "starts": updates.starts,
    "key_dead": anchors.key_dead,
    "key_followed": anchors.key_followed,
    "key_usable": anchors.key_usable,
    "key_final": anchors.key_final,
    "key_alone": anchors.key_alone,
    "key_hidden": confidential.key_hidden,
    "signed_only": signed.signed_only,
    "metadata_signed": signed.metadata_signed,
    "bytes_signed": signed.bytes_signed,
    "map_fits": layout.map_fits,
    "closed": signed.closed,
    "root_kept": signed.root_kept,
}
