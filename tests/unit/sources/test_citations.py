"""What is cited: everything by title, and nothing that nobody cites."""

from bootverify.design.reference import Reference
from bootverify.report.markdown import linked
from bootverify.sources.catalog import find, names
from bootverify.sources.citations import Document, documents, titled
from bootverify.sources.document import read_written
from bootverify.sources.models import load_soc, load_stage
from bootverify.sources.policies import all_policies
from bootverify.sources.standards import ALL, standards

CITED = {standard.cited for standard in standards([ALL])}


def _references() -> list[Reference]:
    models = [*map(load_soc, names("models/socs")), *map(load_stage, names("models/stages"))]
    found = [reference for each in (*all_policies(), *models) for reference in each.references]
    rows = read_written(find("models/releases", "support")).plain["rows"]
    parts = read_written(find("models", "not-modelled")).plain["parts"].values()
    cited = [*(row["document"] for row in rows), *(each["id"] for part in parts for each in part["documents"])]
    return found + [Reference(document=each) for each in cited]


def test_each_document_that_is_cited_is_known_and_each_that_is_known_is_cited():
    cited = {reference.document for reference in _references()}
    assert cited <= set(documents())
    assert set(read_written(find("models", "documents")).plain["documents"]) == cited - CITED


def test_a_standard_that_policies_cite_has_its_title_and_publisher():
    for name in CITED:
        assert documents()[name].title.startswith(f"{name} (")
        assert documents()[name].publisher


def test_a_path_lies_in_a_repository_and_no_document_has_two_addresses():
    for name, each in documents().items():
        assert each.repository or not each.path, name
        assert not (each.url and each.repository), name


def test_a_document_that_nobody_knows_is_told_by_its_own_name():
    reference = Reference(document="Our [secure] handbook", section="7 | keys")
    assert titled(reference) == "Our [secure] handbook, 7 | keys"
    assert linked(reference) == r"Our \[secure\] handbook, 7 \| keys"
    assert Document(title="Our handbook").address == ""
