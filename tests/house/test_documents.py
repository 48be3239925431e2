"""Documents tell the truth about where things are: links resolve, both READMEs stand, decisions have their five parts."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_resolve(document: Path):
    local = [
        link.split("#")[0]
        for link in LINK.findall(document.read_text())
        if "://" not in link and not link.startswith("#")
    ]
    assert [link for link in local if link and not (document.parent / link).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_a_decision_has_its_parts(decision: Path):
    headings = re.findall(r"^## (.+)$", decision.read_text(), re.M)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives", "Where enforced"]


def test_decisions_are_numbered_without_gaps():
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_both_readmes_stand():
    assert "烽台" in (ROOT / "README.zh-CN.md").read_text()
    assert "Fengtai" in (ROOT / "README.md").read_text()
