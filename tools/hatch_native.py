"""The hook of the wheel's build: compiles the native kernels, and makes the wheel one of this platform.

A wheel without them is made only when it is asked for: FENGTAI_NATIVE=no gives one for all platforms. An editable
installation goes on without a compiler and says so.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WITHOUT = "no"


class NativeHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or os.environ.get("FENGTAI_NATIVE") == WITHOUT:
            return
        native = _builder(Path(self.root))
        try:
            modules = native.build()
        except native.NoCompiler as missing:
            if version != "editable":
                raise SystemExit(f"{missing} For a wheel without compiled code: FENGTAI_NATIVE={WITHOUT}.") from None
            print(f"{missing} Native kernels are left out; Python does their work, slower.", file=sys.stderr)
            return
        if version == "editable" or not modules:
            return
        build_data["pure_python"], build_data["infer_tag"] = False, True
        for module in modules:
            build_data["force_include"][str(module)] = str(module.relative_to(native.SOURCES))


def _builder(root: Path) -> Any:
    """tools/ is no package: the file beside this one, by its path."""
    path = root / "tools/build_native.py"
    spec = importlib.util.spec_from_file_location("build_native", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
