"""Files stay readable: one idea each, with a docstring, in rooms whose names say something."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
WEB = sorted(
    path for kind in ("*.ts", "*.vue") for path in (ROOT / "web/src").rglob(kind) if "generated" not in path.parts
)
EMPTY_WORDS = re.compile(r"^(utils?|helpers?|common|misc|base|core|managers?|types|const|shared)$")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_a_python_file_is_not_a_monster_and_says_what_it_is(path: Path):
    source = path.read_text()
    assert source.count("\n") <= 500, "split it by idea"
    if source.strip() and path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(source)), "a module says what it owns"


@pytest.mark.parametrize("path", WEB, ids=named)
def test_a_console_file_fits_a_screen_or_two(path: Path):
    assert path.read_text().count("\n") <= (300 if path.suffix == ".vue" else 500)


def test_rooms_have_names_that_say_something():
    rooms = {part for path in PYTHON + WEB for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not [room for room in rooms if EMPTY_WORDS.match(room)]
