"""What the vendor defines of a chain without a bootloader, and of encryption where nothing is moved."""

import json

import pytest

from bootverify.cli import run

ALONE = """
bootverify: design/1
name: alone
soc: nrf9160
sdk: {sdk}
partitions:
  first: {{at: 0x0, size: 0x10000}}
  app:   {{at: 0x10000, size: 0x40000}}
  whole: {{span: [first, app]}}
chain:
  whole:
    parts:
      first: {{program: {program}, code: first}}
      app: {{program: application, code: app}}
    slot: whole
lifecycle: {{approtect: true}}
"""
SECURE = """
bootverify: design/1
name: bare
soc: nrf52840
sdk: 3.0.0
partitions:
  app: {{at: 0x0, size: 0x40000}}
chain:
  app: {{program: application, slot: app, update: {update}}}
lifecycle: {{approtect: true}}
"""


def _answers(capsys, tmp_path, text):
    (path := tmp_path / "design.yaml").write_text(text)
    run(["check", str(path), "--policy", "config-supported", "--format", "json"])
    shown = capsys.readouterr()
    assert not shown.err
    questions = json.loads(shown.out)["questions"]
    return {each["subject"]: (each["verdict"], each["because"]) for each in questions}


@pytest.mark.parametrize(
    ("program", "sdk", "verdict"),
    [("tfm", "2.6.0", "holds"), ("spm", "1.5.1", "holds"), ("spm", "2.1.0", "undefined"), ("spm", '""', "undefined")],
)
def test_what_may_come_first_without_a_bootloader_is_a_matter_of_the_release(capsys, tmp_path, program, sdk, verdict):
    found = _answers(capsys, tmp_path, ALONE.format(program=program, sdk=sdk))
    assert found["first"][0] == verdict


@pytest.mark.parametrize(("update", "verdict"), [("never", "holds"), ("by_wire", "undefined")])
def test_an_application_may_be_alone_but_then_nothing_replaces_it(capsys, tmp_path, update, verdict):
    found = _answers(capsys, tmp_path, SECURE.format(update=update))
    assert found["app"][0] == verdict
