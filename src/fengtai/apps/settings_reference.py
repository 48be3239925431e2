"""Writes docs/reference/settings.md from the settings classes themselves, so that it cannot be out of date.

    python -m fengtai.apps.settings_reference docs/reference/settings.md

A setting is described by `Field(description=...)` or by the string below it; a house test refuses one without either.
"""

import ast
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from fengtai.apps.settings import PREFIX, found_gateways
from fengtai.apps.settings_sections import SECTIONS

_COLUMNS = "| setting | variable | default | meaning |\n|---|---|---|---|\n"

_HEAD = """# Settings

<!-- Made by `python -m fengtai.apps.settings_reference docs/reference/settings.md`; a house test keeps it fresh. -->

Defaults are overridden by the TOML file (`--config` or `FENGTAI_CONFIG`), and that by the environment: the setting `port`
of section `[http]` is the variable `FENGTAI_HTTP__PORT`. Lists in a variable are words with commas, or JSON.
An unknown key is an error. `fengtai config check` looks at the settings and at the machine.

Every listener binds to loopback unless told otherwise. A section whose listener others can reach, and which does not
encrypt, needs `plaintext_ok = true`: said aloud, because whoever is on that network can listen.

| setting | variable | default | meaning |
|---|---|---|---|
| `data` | `FENGTAI_DATA` | `data` | Folder of all that is kept: database, keys, and video unless set apart. |
"""

_TITLES = {
    "site": "Site",
    "http": "Console and API",
    "media": "Media",
    "database": "Database",
    "log": "Log",
    "access": "Access",
    "audit": "Audit",
    "objects": "Clips, photos, papers, backups in S3",
    "webhooks": "Webhooks",
}


@dataclass(frozen=True, slots=True)
class Described:
    """One setting, as the page shows it."""

    section: str
    key: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        return f"{PREFIX}{self.section}__{self.key}".upper()


def described_settings() -> Iterator[Described]:
    """Every setting of every section, gateways included, in the order of their classes."""
    for section, model in _sections():
        below = _strings_below_fields(model)
        for key, field in model.model_fields.items():
            meaning = field.description or below.get(key, "")
            yield Described(section, key, _default(field), " ".join(meaning.split()))


def reference_page() -> str:
    """The whole page."""
    parts, current = [_HEAD], ""
    titles = {**_TITLES, **{gateway.section: f"Gateway {gateway.name}" for gateway in found_gateways()}}
    for setting in described_settings():
        if setting.section != current:
            current = setting.section
            parts.append(f"\n## `[{current}]` {titles[current]}\n\n{_COLUMNS}")
        meaning = setting.meaning.replace("|", "\\|")
        default = setting.default.replace("|", "\\|")
        parts.append(f"| `{setting.key}` | `{setting.variable}` | {default} | {meaning} |\n")
    return "".join(parts)


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    yield from SECTIONS.items()
    for gateway in found_gateways():
        yield gateway.section, gateway.settings


def _strings_below_fields(model: type[BaseModel]) -> dict[str, str]:
    """The string that stands below each annotated name of the class and its bases."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        body = typing.cast(ast.ClassDef, ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]).body
        for field, below in pairwise(body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                found[field.target.id] = below.value.value
    return found


def _default(field: FieldInfo) -> str:
    """As it would be written in the file; a secret has none."""
    if field.default_factory is not None:
        return "by this machine"
    if field.is_required():
        return "none: must be set"
    value: Any = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
        return "none" if not value else "secret"
    if value in (None, "", ()) or isinstance(value, types.EllipsisType):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{getattr(value, 'value', value)}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
