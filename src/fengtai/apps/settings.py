"""All settings, parsed once into one frozen object: defaults < TOML file < environment. Nothing else reads either.

Gateways bring their own sections (`plugin.py`: NAME, SECTION, Settings) and are found by scan or by the entry-point group
`fengtai.gateways`. An unknown key is an error that names it. Every listener binds to loopback unless told otherwise; a
wider bind without TLS needs `plaintext_ok = true` in its section. There are no default secrets.
"""

import difflib
import importlib
import importlib.metadata
import json
import os
import pkgutil
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

import fengtai.gateways
from fengtai.apps import machine_checks
from fengtai.apps.machine_checks import Finding
from fengtai.apps.settings_sections import (
    SECTIONS,
    AccessSettings,
    AuditSettings,
    DatabaseSettings,
    HttpSettings,
    LogSettings,
    ObjectSettings,
    SiteSettings,
    WebhookSettings,
)
from fengtai.media.settings import MediaSettings, port_range
from fengtai.vocabulary.errors import Invalid

PREFIX = "FENGTAI_"
NOT_SETTINGS = frozenset({"FENGTAI_CONFIG", "FENGTAI_SHARED_DATA"})
"""Variables with our prefix that are something else: where the file is, where the tests' data are."""


class SettingsWrong(Invalid):
    """The settings cannot be used; the sentence names each key, where it came from, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole, parsed. `load_settings(environ={})` gives the defaults."""

    data: Path
    site: SiteSettings
    http: HttpSettings
    media: MediaSettings
    database: DatabaseSettings
    log: LogSettings
    access: AccessSettings
    webhooks: WebhookSettings
    objects: ObjectSettings
    audit: AuditSettings
    gateways: Mapping[str, BaseModel]
    """by the gateway's NAME"""

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data / 'fengtai.sqlite'}"


@dataclass(frozen=True, slots=True)
class FoundGateway:
    """What a gateway's `plugin.py` says of itself."""

    name: str
    section: str
    settings: type[BaseModel]
    module: Any
    """has `start(settings, ...)`"""


def found_gateways() -> list[FoundGateway]:
    """The gateways in our tree and those of third parties, by name. Raise SettingsWrong when two claim one name."""
    modules = []
    for folder in pkgutil.iter_modules(fengtai.gateways.__path__):
        name = f"{fengtai.gateways.__name__}.{folder.name}.plugin"
        try:
            modules.append(importlib.import_module(name))
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    modules += [entry.load() for entry in importlib.metadata.entry_points(group="fengtai.gateways")]
    gateways: dict[str, FoundGateway] = {}
    sections: set[str] = {"data", *SECTIONS}
    for module in modules:
        gateway = FoundGateway(module.NAME, module.SECTION, module.Settings, module)
        if gateway.name in gateways or gateway.section in sections:
            raise SettingsWrong(f"two parts claim the gateway {gateway.name} or the section [{gateway.section}]")
        gateways[gateway.name] = gateway
        sections.add(gateway.section)
    return [gateways[name] for name in sorted(gateways)]


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Parse file and environment. Raise SettingsWrong with all that is wrong, one sentence a line."""
    environ = os.environ if environ is None else environ
    if path is None and environ.get("FENGTAI_CONFIG"):
        path = Path(environ["FENGTAI_CONFIG"])
    gateways = found_gateways()
    sections = {**SECTIONS, **{gateway.section: gateway.settings for gateway in gateways}}
    given = _Given(sections)
    if path is not None:
        given.take_file(path)
    given.take_environment(environ)
    data = Path(str(given.values.pop("data", "data")))
    media = given.values.setdefault("media", {})
    for name in ("recordings", "clips"):
        media.setdefault(name, data / name)
    if "sip" in sections and "domain" in sections["sip"].model_fields:
        default = sections["sip"].model_fields["domain"].default
        media.setdefault("domain", given.values.get("sip", {}).get("domain", default))
    parsed = given.parsed()
    return Settings(
        data=data,
        gateways={gateway.name: parsed[gateway.section] for gateway in gateways},
        **{name: parsed[name] for name in SECTIONS},  # type: ignore[arg-type]  # each by its own name
    )


class _Given:
    """What file and environment say, each value with where it came from, for the sentences."""

    def __init__(self, sections: Mapping[str, type[BaseModel]]) -> None:
        self._sections = sections
        self.values: dict[str, Any] = {}
        self._sources: dict[tuple[str, str], str] = {}
        self._wrong: list[str] = []

    def take_file(self, path: Path) -> None:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsWrong(f"{path}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsWrong(f"{path}: is not TOML: {error}") from error
        for section, content in document.items():
            if section == "data" and isinstance(content, str):
                self.values["data"] = content
            elif section in self._sections and isinstance(content, dict):
                for key, value in content.items():
                    self._put(section, key, value, str(path))
            else:
                self._unknown(section, [*self._sections, "data"], str(path))

    def take_environment(self, environ: Mapping[str, str]) -> None:
        for variable, text in sorted(environ.items()):
            if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
                continue
            section, _, key = variable.removeprefix(PREFIX).lower().partition("__")
            if section == "data" and not key:
                self.values["data"] = text
            elif section in self._sections and key:
                self._put(section, key, self._from_text(section, key, text), variable)
            else:
                self._unknown(section, [*self._sections, "data"], variable)

    def _put(self, section: str, key: str, value: Any, source: str) -> None:
        known = [*self._sections[section].model_fields, *(["plaintext_ok"] if self._listens(section) else [])]
        if key not in known:
            self._unknown(f"{section}.{key}", [f"{section}.{name}" for name in known], source)
            return
        self.values.setdefault(section, {})[key] = value
        self._sources[section, key] = source

    def _from_text(self, section: str, key: str, text: str) -> Any:
        """Lists as JSON or as words with commas. The rest pydantic reads from the text (a password may begin with [)."""
        known = self._sections[section].model_fields.get(key)
        if known is None or typing.get_origin(known.annotation) not in (tuple, list, set, frozenset):
            return text
        if text.lstrip().startswith("["):
            try:
                return json.loads(text)
            except ValueError:
                return text
        return [word.strip() for word in text.split(",") if word.strip()]

    def _unknown(self, name: str, known: list[str], source: str) -> None:
        near = difflib.get_close_matches(name, known, n=1)
        self._wrong.append(
            f"{name} ({source}): there is no such setting" + (f"; do you mean {near[0]}?" if near else "")
        )

    def _listens(self, section: str) -> bool:
        return any(name == "host" or name.endswith("_host") for name in self._sections[section].model_fields)

    def parsed(self) -> dict[str, BaseModel]:
        """Raise SettingsWrong with everything that was found wrong."""
        parsed: dict[str, BaseModel] = {}
        for section, model in self._sections.items():
            values = dict(self.values.get(section, {}))
            allowed = values.get("plaintext_ok", False)
            if "plaintext_ok" not in model.model_fields:
                values.pop("plaintext_ok", None)
            try:
                parsed[section] = model(**values)
            except ValidationError as error:
                for fault in error.errors(include_input=False, include_url=False):
                    key = ".".join(str(part) for part in fault["loc"])
                    source = self._sources.get((section, str(fault["loc"][0])) if fault["loc"] else ("", ""), "")
                    told = f" ({source})" if source else ""
                    self._wrong.append(f"{section}{'.' if key else ''}{key}{told}: {fault['msg']}")
            else:
                self._check_bind(section, parsed[section], str(allowed).lower() in ("true", "1", "yes"))
        if self._wrong:
            raise SettingsWrong("\n".join(self._wrong))
        return parsed

    def _check_bind(self, section: str, settings: BaseModel, plaintext_ok: bool) -> None:
        if plaintext_ok:
            return
        for name in type(settings).model_fields:
            if not (name == "host" or name.endswith("_host")):
                continue
            host = getattr(settings, name)
            encrypts = getattr(settings, name.removesuffix("host") + "tls_certificate", None)
            if isinstance(host, str) and not encrypts and not machine_checks.is_loopback(host):
                self._wrong.append(
                    f"{section}.{name} = {host}: others can reach this listener, and it does not encrypt; "
                    f"set {section}.plaintext_ok = true if the network is trusted"
                )


def check(settings: Settings) -> list[Finding]:
    """What `fengtai config check` and the first page show: each thing, whether it is well, what to do."""
    http, media = settings.http, settings.media
    findings = [
        machine_checks.folder_is_writable("data", settings.data),
        machine_checks.folder_is_writable("media.recordings", media.recordings),
        machine_checks.has_space("media.reserve_bytes", media.recordings, media.reserve_bytes),
        machine_checks.port_is_free("http.port", http.host, http.port),
        *(
            machine_checks.port_is_free("media.http_ports", media.http_host, port)
            for port in list(port_range(media.http_ports))[: media.workers]
        ),
        machine_checks.are_enough("media.http_ports", len(port_range(media.http_ports)), media.workers, "workers"),
        machine_checks.is_plausible_address("media.advertised", media.advertised_host, bound_to=media.host),
        machine_checks.clock_is_plausible("clock"),
        Finding("site.time_zone", True, f"times are shown in {settings.site.time_zone}"),
    ]
    if http.tls_certificate and http.tls_key:
        findings.append(machine_checks.certificate_loads("http.tls_certificate", http.tls_certificate, http.tls_key))
    if media.http_tls_certificate and media.http_tls_key:
        findings.append(
            machine_checks.certificate_loads(
                "media.http_tls_certificate", media.http_tls_certificate, media.http_tls_key
            )
        )
    elif http.tls_certificate and not media.http_tls_by_proxy:
        findings.append(machine_checks.live_is_reachable("media.http_tls_certificate"))
    for gateway in found_gateways():
        findings += _gateway_findings(gateway.section, settings.gateways[gateway.name])
    return findings


def _gateway_findings(section: str, settings: BaseModel) -> list[Finding]:
    """By the names that gateways give their settings: `port`, `advertised`, `id`, `domain`, `shared_password`."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    findings = []
    host = str(values.get("host", "127.0.0.1"))
    if isinstance(values.get("port"), int):
        findings.append(machine_checks.port_is_free(f"{section}.port", host, values["port"], datagrams=True))
    if "advertised" in values:
        advertised = str(values["advertised"] or host)
        findings.append(machine_checks.is_plausible_address(f"{section}.advertised", advertised, bound_to=host))
    if "id" in values and "domain" in values:
        findings.append(machine_checks.sip_identity(section, str(values["id"]), str(values["domain"])))
    if "shared_password" in values:
        secret = values["shared_password"]
        text = secret.get_secret_value() if hasattr(secret, "get_secret_value") else str(secret or "")
        findings.append(machine_checks.is_strong(f"{section}.shared_password", text))
    return findings
