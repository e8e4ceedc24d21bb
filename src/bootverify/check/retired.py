"""Keys that a boot in the field has retired: what is made with them is nobody's way in any more.

Both sides judge that from what is told of the fleet (SEMANTICS, "What is told", `key_dead`); what they agree on
counts in every question but those about the key itself.
"""

from dataclasses import replace

from bootverify.check.question import Question
from bootverify.design.design import Design
from bootverify.design.keys import Key


def in_the_field(design: Design, question: Question) -> Design:
    """`design` as `question` finds it: of a retired key nobody has the private half any more, as it opens nothing."""
    if design.life.deployed is None or isinstance(question.subject, Key):
        return design
    from bootverify.encoder.lives.anchors import invalidated  # noqa: PLC0415 - few designs tell what is deployed
    from bootverify.executor.lives.anchors import taken_away  # noqa: PLC0415

    keys = tuple(
        replace(key, published=False) if key.published and taken_away(design, key) and invalidated(design, key) else key
        for key in design.keys
    )
    return design if keys == design.keys else replace(design, keys=keys)
