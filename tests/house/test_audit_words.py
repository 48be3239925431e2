"""The auditor reads words: every act that the platform writes down has a name in the console, in both languages."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN = re.compile(r"""(?:\.entry\(\s*|action=)"([a-z_]+(?:\.[a-z_-]+)+)"(?:,\s*f?"([a-z-]+)[:"])?""")


def acts_and_objects() -> tuple[set[str], set[str]]:
    found = [match for file in (ROOT / "src").rglob("*.py") for match in WRITTEN.findall(file.read_text())]
    return {act.replace(".", "-") for act, _ in found}, {kind for _, kind in found if kind}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_act_of_the_record_has_words(language: str) -> None:
    words = json.loads((ROOT / f"web/src/pages/audit/messages.{language}.json").read_text())
    acts, objects = acts_and_objects()
    assert len(acts) > 60
    assert sorted(acts - set(words["actions"])) == []
    assert sorted(objects - set(words["objects"])) == []
