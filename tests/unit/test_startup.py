"""What is not needed is not loaded: start-up time is most of the time of a small check."""

import subprocess
import sys
from pathlib import Path

import bincopy
import pytest

from bootverify.check.side_by_side import cores

EXAMPLE = Path(__file__).parents[1] / "scenarios" / "SB-S01.yaml"
CODE = "import sys\nfrom bootverify.__main__ import answered\nanswered({!r})\nprint(*sys.modules)"


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(list(arguments))], capture_output=True, text=True, check=False
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_version_is_printed_before_anything_heavy_is_loaded():
    modules = loaded("--version")
    assert "bootverify" in modules
    assert not modules & {"typer", "pydantic", "yaml", "z3", "cryptography", "bootverify.api"}


def test_checking_a_design_loads_no_solver_s_python_and_no_reader_of_other_formats():
    modules = loaded("check", str(EXAMPLE))
    assert "bootverify.check.run" in modules
    assert not modules & {"z3", "cvc5", "bitwuzla", "bincopy", "elftools", "devicetree"}


def test_checking_a_native_design_loads_no_importer_no_story_no_scanner_and_no_what_if():
    modules = loaded("check", str(EXAMPLE))
    assert "bootverify.report.text" in modules
    idle = {
        "bootverify.check.session",
        "bootverify.check.told",
        "bootverify.executor.programmed",
        "bootverify.report.records",
        "bootverify.secrets",
        "bootverify.sources.actions",
        "bootverify.sources.importers.entry",
        "bootverify.sources.importers.card.scenario",
        "bootverify.sources.waivers",
        "bootverify.whatif",
    }
    assert not modules & idle


@pytest.mark.skipif(cores() < 2, reason="one process does everything where there is one core")
def test_the_process_that_answers_loads_nothing_to_read_with():
    modules = loaded("check", str(EXAMPLE))
    assert "bootverify.check.run" in modules
    assert not {each for each in modules if each.startswith(("bootverify.sources.", "yaml"))} - {
        "bootverify.sources.catalog"
    }


def test_writing_out_what_a_build_says_needs_no_model_of_a_design_file_no_solver_and_no_scanner(tmp_path):
    map_ = tmp_path / "partitions.yml"
    map_.write_text("app: {address: 0x0, size: 0x1000}\n")
    modules = loaded("import", str(map_))
    assert "bootverify.sources.importers.draw" in modules
    idle = {
        "bootverify.check.solver",
        "bootverify.secrets.scan",
        "bootverify.sources.resolve",
        "bootverify.sources.schema",
        "bincopy",
        "cryptography",
        "devicetree",
    }
    assert not modules & idle


def test_bytes_without_a_key_are_searched_without_the_library_of_keys_and_without_a_second_process(tmp_path):
    (tmp_path / "zephyr").mkdir()
    (tmp_path / "zephyr" / ".config").write_text('CONFIG_SOC="nrf52840"\n')
    image = bincopy.BinFile()
    image.add_binary(bytes(range(256)) * 1024)
    (tmp_path / "zephyr" / "merged.hex").write_text(image.as_ihex())
    modules = loaded("import", str(tmp_path))
    assert "bootverify.secrets.scan" in modules
    assert not modules & {"cryptography", "multiprocessing", "concurrent.futures", "wasmtime"}
