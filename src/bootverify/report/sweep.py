"""What sweeps of power cuts found, as text and as JSON."""

import json
from collections.abc import Sequence

from bootverify.design.design import Design
from bootverify.executor.every_cut import Cut, Survey
from bootverify.executor.update_sweep import Swept

_HALVES = {"front": "the first half", "back": "the second half", "scattered": "scattered words"}


def sweep_text(design: Design, found: Sequence[Swept]) -> str:
    """Each update in a paragraph, then one line for all."""
    lines = [f"*** {design.name} on {design.soc.title}: the power is lost anywhere ***"]
    for each in found:
        lines += _paragraph(each)
    contents = sum(each.survey.contents for each in found)
    bricks = sum(each.survey.bricks for each in found)
    updates = f"{len(found)} update{'s' * (len(found) > 1)}"
    lines.append(f"from every cut point of {updates}: {contents - bricks:,} recovered, {bricks:,} stuck")
    return "\n".join(lines) + "\n"


def sweep_json(design: Design, found: Sequence[Swept]) -> str:
    """The same as records."""
    document = {
        "schema": "bootverify-sweep/1",
        "design": design.name,
        "updates": [_record(each) for each in found],
        "stuck": sum(each.survey.bricks for each in found),
    }
    return json.dumps(document, indent=2) + "\n"


def _paragraph(each: Swept) -> list[str]:
    survey = each.survey
    places = f"{survey.cuts:,} places, {survey.cuts - survey.stuck:,} recovered, {survey.stuck:,} stuck"
    lines = [
        f"{each.image} 2, {each.request.value}, {each.mode.value}: {each.size:,} bytes in a slot of {each.room:,}",
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
        lines.append(f"  ends with {end}: {count:,}")
    if survey.worst is not None:
        lines.append("  the first that bricks: " + "; ".join(map(_boot, survey.worst.boots)) + f"; {survey.worst.why}")
    return lines


def _boot(cut: Cut) -> str:
    if cut.after is None:
        return "a boot that is not cut"
    torn = f" and {_HALVES[cut.tear.value]} of the next" if cut.tear is not None else ""
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
            "boots": [{"cut_after": cut.after, "tear": cut.tear.value if cut.tear else None} for cut in worst.boots],
            "why": worst.why,
        },
    }
