"""What sweeps of power cuts found, as text and as JSON."""

import json
from collections.abc import Sequence

from bootverify.design.design import Design
from bootverify.executor.every_cut import Cut, Survey
from bootverify.executor.update_sweep import Swept
from bootverify.machine.tear import Part
from bootverify.machine.trace import plain
from bootverify.report.wrapping import wrapped

_LEFT = {
    Part.NONE: "nothing",
    Part.FRONT: "the first half",
    Part.BACK: "the second half",
    Part.ALL: "all",
    Part.SCATTERED: "scattered words",
    Part.BITS: "some bits",
}


def sweep_text(design: Design, found: Sequence[Swept], *, words: bool = False) -> str:
    """Each update in a paragraph, what is taken for granted, then one line for all; `words`: even words were torn."""
    lines = [f"*** {design.name} on {design.soc.title}: the power is lost anywhere ***"]
    for each in found:
        lines += _paragraph(each)
    contents = sum(each.survey.contents for each in found)
    bricks = sum(each.survey.bricks for each in found)
    lines += [line for each in _assumed(design, words=words) for line in wrapped(f"assumes: {each}", 0, 9)]
    untold = dict.fromkeys(line for update in found for line in update.untold)
    lines += [line for each in untold for line in wrapped(f"not told: {each}", 0, 10)]
    updates = f"{len(found)} update{'s' * (len(found) > 1)}"
    lines.append(f"from every cut point of {updates}: {contents - bricks:,} recovered, {bricks:,} stuck")
    return "\n".join(lines) + "\n"


def sweep_json(design: Design, found: Sequence[Swept], *, words: bool = False) -> str:
    """The same as records."""
    document = {
        "schema": "bootverify-sweep/1",
        "design": design.name,
        "assumes": _assumed(design, words=words),
        "not_told": list(dict.fromkeys(line for update in found for line in update.untold)),
        "updates": [_record(each) for each in found],
        "stuck": sum(each.survey.bricks for each in found),
    }
    return json.dumps(document, indent=2) + "\n"


def _assumed(design: Design, *, words: bool) -> list[str]:
    """What no document says of the memory, and this sweep has taken for granted."""
    if words or design.soc.untorn is not None:
        return []
    return [f"a write of {design.soc.word} bytes is done whole or not at all (open point torn-word; try --torn-words)"]


def _paragraph(each: Swept) -> list[str]:
    survey = each.survey
    places = f"{survey.cuts:,} places, {survey.cuts - survey.stuck:,} recovered, {survey.stuck:,} stuck"
    lines = [
        f"{each.name}, {each.request.value}, {each.mode.value}: {each.size:,} bytes in a slot of {each.room:,}",
        f"  nothing cut: {survey.operations:,} flash operations, then {each.uncut}",
        f"  power lost before, in or after each: {places}",
    ]
    twice = f"  again in the boot that follows, each place of it: {survey.twice:,} pairs"
    lines.append(twice + (", 0 stuck" if not survey.bricks else ""))
    lines.append(
        f"  and as often as can be: {survey.contents:,} contents, "
        f"{survey.contents - survey.bricks:,} recovered, {survey.bricks:,} stuck"
    )
    for end, count in sorted(survey.ends.items(), key=lambda item: -item[1]):
        lines += wrapped(f"ends with {end}: {count:,}", 2, 4)
    if survey.worst is not None:
        cuts = "; ".join(map(_boot, survey.worst.boots))
        lines += wrapped(f"the first that bricks: {cuts}; {survey.worst.why}", 2, 4)
    return lines


def _boot(cut: Cut) -> str:
    if cut.after is None:
        return "a boot that is not cut"
    seed = f" (seed {cut.tear.seed})" if cut.tear is not None and cut.tear.seed else ""
    torn = f" and {_LEFT[cut.tear.part]} of the next{seed}" if cut.tear is not None else ""
    return f"power lost after {cut.after} operations{torn}"


def _record(each: Swept) -> dict[str, object]:
    return {
        "image": each.image,
        "request": each.request.value,
        "mode": each.mode.value,
        "size": each.size,
        "slot": each.room,
        "uncut": each.uncut,
        **_numbers(each.survey),
    }


def _numbers(survey: Survey) -> dict[str, object]:
    worst = survey.worst
    return {
        "operations": survey.operations,
        "places": survey.cuts,
        "stuck_places": survey.stuck,
        "pairs": survey.twice,
        "contents": survey.contents,
        "stuck": survey.bricks,
        "ends": survey.ends,
        "first_brick": None
        if worst is None
        else {
            "boots": [{"cut_after": cut.after, "torn": plain(cut.tear)} for cut in worst.boots],
            "why": worst.why,
        },
    }
