"""Compiled modules: each has a stub beside it and a Python twin, reads nothing unchecked, and reaches nowhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.pyx"))
REACH = re.compile(r"^[ \t]*(?:from|import|cimport)\s.*$", re.MULTILINE)
ALLOWED = re.compile(r"^\s*(?:from\s+(?:cpython|libc|posix)[.\w]*\s+cimport|cimport\s+(?:cython|cpython|libc)|cdef)")
UNCHECKED = re.compile(r"boundscheck\s*[(=]\s*False|wraparound\s*[(=]\s*True")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_a_compiled_module_is_typed_small_and_says_what_it_is(source: Path) -> None:
    text = source.read_text()
    assert source.with_suffix(".pyi").exists(), "types are read from the stub beside it"
    assert text.startswith('"""')
    assert text.count("\n") <= 400
    assert not UNCHECKED.search(text), "what strangers send is read with bounds checked"


@pytest.mark.parametrize("source", [one for one in SOURCES if "protocols" in one.parts], ids=named)
def test_a_compiled_protocol_does_no_io_and_knows_nobody(source: Path) -> None:
    """import-linter does not read these files."""
    family = source.parts[source.parts.index("protocols") + 1]
    own = re.compile(rf"^\s*from fengtai\.(?:vocabulary|protocols\.(?:{family}|elementary))[.\s]")
    reached = [line for line in REACH.findall(source.read_text()) if not ALLOWED.match(line) and not own.match(line)]
    assert reached == []


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_a_compiled_module_can_be_missing(source: Path) -> None:
    """Some module of its folder imports it under `try`, and has what takes its place."""
    module = source.stem
    users = [path for path in source.parent.rglob("*.py") if re.search(rf"\b{module}\b", path.read_text())]
    assert any("except ImportError" in path.read_text() for path in users)


def test_what_is_compiled_is_not_older_than_its_source() -> None:
    if not any(ROOT.glob("src/**/*.so")):
        pytest.skip("nothing is compiled here: Python does the work of the native kernels")
    checked = subprocess.run(
        [sys.executable, str(ROOT / "tools/build_native.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
