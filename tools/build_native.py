"""Compiles every src/**/*.pyx in place, beside its .pyi. `python tools/build_native.py [--check]`.

Used by `make setup` and by the hook that makes wheels (tools/hatch_native.py). Only what is older than its source is
compiled; a finished module takes the place of the old one in one step, so that processes that run are not disturbed.
Why there is compiled code, and what happens without it: docs/decisions/0022-kernels-are-compiled-and-have-a-twin.md.
"""

import argparse
import fcntl
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
WORKSHOP = ROOT / "build/native"
SUFFIX: str = sysconfig.get_config_var("EXT_SUFFIX")
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": True,  # these modules read what strangers send
    "wraparound": False,
    "overflowcheck": False,
    "cdivision": True,
}


class NoCompiler(Exception):
    """One sentence that says what is missing."""


def sources() -> list[Path]:
    return sorted(SOURCES.rglob("*.pyx"))


def compiled(source: Path) -> Path:
    return source.with_name(source.stem + SUFFIX)


def stale() -> list[Path]:
    """Sources whose module is missing or older (a shared .pxd or .pxi makes all of its folder stale)."""
    return [source for source in sources() if not _is_fresh(source)]


def _is_fresh(source: Path) -> bool:
    module = compiled(source)
    return module.exists() and module.stat().st_mtime_ns >= _changed_ns(source)


def _changed_ns(source: Path) -> int:
    begun_from = [source, *source.parent.glob("*.pxd"), *source.parent.glob("*.pxi")]
    return max(path.stat().st_mtime_ns for path in begun_from)


def build() -> list[Path]:
    """Compile what is stale; return all modules. Raise NoCompiler when a tool is missing."""
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    with (WORKSHOP / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := stale():
            _compile(found)
    return [compiled(source) for source in sources()]


def _compile(found: Sequence[Path]) -> None:
    _look_for_tools()
    # imported here, so that `--check` and a build with nothing to do need neither
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    began = {source: _changed_ns(source) for source in found}
    extensions = [
        Extension(
            ".".join(source.relative_to(SOURCES).with_suffix("").parts),
            [str(source.relative_to(ROOT))],
            extra_compile_args=["-O3", "-g0", "-Wno-unused-function"],
        )
        for source in found
    ]
    here = Path.cwd()
    os.chdir(ROOT)  # Cython and setuptools name what they make by relative paths
    try:
        command = build_ext(
            Distribution(
                {
                    "ext_modules": cythonize(
                        extensions,
                        compiler_directives=DIRECTIVES,
                        build_dir=str(WORKSHOP.relative_to(ROOT) / "c"),
                        force=True,
                        quiet=True,
                    )
                }
            )
        )
        command.build_lib, command.build_temp = str(WORKSHOP / "lib"), str(WORKSHOP / "objects")
        command.force = True
        command.ensure_finalized()
        command.run()
    finally:
        os.chdir(here)
    for source in found:
        module = compiled(source)
        made = WORKSHOP / "lib" / module.relative_to(SOURCES)
        new = module.with_suffix(".new")
        shutil.copyfile(made, new)
        os.utime(new, ns=(began[source], began[source]))  # a source that is changed meanwhile is newer
        new.replace(module)


def _look_for_tools() -> None:
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        raise NoCompiler(f"The compiler {compiler!r} is not installed (apt-get install gcc).")
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        raise NoCompiler(f"Python's headers are not installed: {header} is missing (apt-get install python3-dev).")


def main() -> None:
    parser = argparse.ArgumentParser(description="compiles the native kernels in place")
    parser.add_argument("--check", action="store_true", help="only tell which are missing or older than their source")
    if parser.parse_args().check:
        found = [str(source.relative_to(ROOT)) for source in stale()]
        if found:
            sys.exit(f"not compiled: {', '.join(found)} (run: python tools/build_native.py)")
        return
    try:
        build()
    except NoCompiler as missing:
        # the platform runs without: the same results, at about twice the CPU per camera
        print(f"{missing} Native kernels are left out; Python does their work, slower.", file=sys.stderr)


if __name__ == "__main__":
    main()
