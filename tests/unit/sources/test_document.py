"""The one YAML reader: what it takes, what it refuses, and that nothing makes it hang or crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootverify.errors import InputError
from bootverify.sources.document import NODE_LIMIT, parse_written, read_written
from bootverify.sources.input_file import MIB


def plain(text):
    return parse_written(text, "x.yaml").plain


def fault(text):
    with pytest.raises(InputError) as caught:
        parse_written(text, "x.yaml")
    return caught.value.faults[0]


def test_only_true_and_false_are_truth_values() -> None:
    assert plain("[true, false, yes, no, on, off, y, n]") == [True, False, "yes", "no", "on", "off", "y", "n"]


def test_numbers_are_decimal_or_hexadecimal_and_all_else_is_text() -> None:
    assert plain("[12, 0xC000, -3, 1.5, 1_000, 2020-01-01, 2.6.1]") == [
        12, 0xC000, -3, "1.5", "1_000", "2020-01-01", "2.6.1",
    ]  # fmt: skip


def test_every_key_and_item_has_its_line() -> None:
    written = parse_written("a:\n  b: 1\n  c:\n  - 2\n  - 3\n", "x.yaml")
    assert [written.line(path) for path in ((), ("a",), ("a", "b"), ("a", "c"), ("a", "c", 1))] == [1, 1, 2, 3, 5]


def test_a_key_given_twice_is_a_fault_at_the_second() -> None:
    found = fault("a: 1\nb: 2\na: 3\n")
    assert (found.line, "again, first in line 1" in found.message) == (3, True)


def test_aliases_are_followed_with_the_value_they_stand_for() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_an_alias_to_nothing_is_a_fault() -> None:
    assert "refers to no anchor" in fault("a: *x\n").message


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert f"{NODE_LIMIT:,} values" in fault("\n".join(lines)).message


@pytest.mark.parametrize("depth", [100, 5000, 500_000])
def test_deep_nesting_is_a_fault_and_no_crash(depth) -> None:
    assert "nesting" in fault("[" * depth).message


def test_aliases_that_nest_ever_deeper_are_stopped_like_what_is_written_out() -> None:
    lines = ["a0: &a0 1"] + [f"a{i}: &a{i} {'[' * 20}*a{i - 1}{']' * 20}" for i in range(1, 100)]
    assert plain("\n".join(lines[:4]))["a3"]
    found = fault("\n".join(lines))
    assert (found.line, "levels of nesting" in found.message) == (5, True)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [x]", "!include x", "!!timestamp 2020-01-01"])
def test_foreign_tags_are_refused(text) -> None:
    assert "tag" in fault(text).message


def test_bytes_that_are_no_utf8_are_named_with_their_line() -> None:
    assert fault(b"a: 1\nb: \xff\n").line == 2


def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="at most"):
        read_written(path)


def test_a_second_document_is_refused() -> None:
    assert "second document" in fault("a: 1\n---\nb: 2\n").message


@given(st.binary(max_size=300) | st.text(alphabet="abc:-[]{}&*!|>#'\"\n\t 01x", max_size=200))
def test_no_text_crashes_the_reader(content) -> None:
    try:
        written = parse_written(content, "x.yaml", limit=MIB)
    except InputError:
        return
    assert isinstance(written.plain, dict | list | str | int | bool | None)
