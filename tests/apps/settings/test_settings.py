"""One frozen object from defaults, file and environment; whatever is wrong is named with where it came from."""

import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from fengtai.apps import machine_checks
from fengtai.apps.clocks import SystemClock
from fengtai.apps.settings import SettingsWrong, check, found_gateways, load_settings


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fengtai.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_the_defaults_stand_and_all_listen_on_loopback() -> None:
    settings = load_settings(environ={})
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.site.time_zone == "Asia/Shanghai"
    assert settings.database_url == "sqlite:///data/fengtai.sqlite"
    assert settings.access.policy().absolute_seconds == 12 * 3600
    for section in (settings.http, settings.media, *settings.gateways.values()):
        told = {getattr(section, name) for name in type(section).model_fields if name.endswith("host")}
        assert all(machine_checks.is_loopback(host) for host in told if isinstance(host, str))


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = file_with(
        tmp_path,
        'data = "/srv/fengtai"\n[site]\nname = "示范城"\n[http]\nport = 9000\norigins = ["https://a.example"]\n',
    )
    settings = load_settings(path, {"FENGTAI_HTTP__PORT": "9001", "FENGTAI_MEDIA__PORTS": "40000-40099"})
    assert settings.site.name == "示范城"
    assert settings.http.port == 9001
    assert settings.http.origins == ("https://a.example",)
    assert settings.media.ports == "40000-40099"
    assert settings.media.recordings == Path("/srv/fengtai/recordings")


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    path = file_with(tmp_path, "[http]\nport = 9000\n")
    assert load_settings(environ={"FENGTAI_CONFIG": str(path)}).http.port == 9000


def test_lists_are_words_with_commas_or_json() -> None:
    for text in ("https://a.example, https://b.example", '["https://a.example", "https://b.example"]'):
        settings = load_settings(environ={"FENGTAI_HTTP__ORIGINS": text})
        assert settings.http.origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"FENGTAI_HTTP__PROT": "1"},
            "http.prot (FENGTAI_HTTP__PROT): there is no such setting; do you mean http.port?",
        ),
        ({"FENGTAI_HTPP__PORT": "1"}, "do you mean http?"),
        ({"FENGTAI_HTTP": "1"}, "http (FENGTAI_HTTP): there is no such setting"),
        ({"FENGTAI_HTTP__PORT": "eighty"}, "http.port (FENGTAI_HTTP__PORT): Input should be a valid integer"),
        ({"FENGTAI_HTTP__PORT": "70000"}, "http.port"),
        ({"FENGTAI_SITE__TIME_ZONE": "Asia/Beijing"}, "is not a time zone of this machine"),
        ({"FENGTAI_SITE__TIME_ZONE": "../../etc/passwd"}, "is not a time zone of this machine"),
        ({"FENGTAI_MEDIA__PORTS": "5-1"}, "media.ports"),
        ({"FENGTAI_HTTP__TLS_KEY": "k.pem"}, "tls_certificate and tls_key are needed together"),
        ({"FENGTAI_CONFIG": "/nowhere/at/all.toml"}, "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load_settings(environ=environ)
    assert told in str(wrong.value)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = file_with(tmp_path, "[http]\nprot = 1\n[radio]\nx = 1\n")
    with pytest.raises(SettingsWrong) as wrong:
        load_settings(path, {"FENGTAI_LOG__LEVEL": "loud"})
    assert len(str(wrong.value).splitlines()) == 3
    assert str(path) in str(wrong.value)


@pytest.mark.parametrize("text", ["[http\n", "\xff", "http = 3\n", "data = 5\n"])
def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsWrong, match=r"broken\.toml"):
        load_settings(path, {})


@pytest.mark.parametrize(("section", "key"), [("HTTP", "HOST"), ("MEDIA", "HOST"), ("MEDIA", "HTTP_HOST")])
def test_a_listener_that_others_can_reach_must_be_allowed_to_speak_in_clear(section: str, key: str) -> None:
    wide = {f"FENGTAI_{section}__{key}": "192.0.2.10"}
    with pytest.raises(SettingsWrong, match="plaintext_ok"):
        load_settings(environ=wide)
    load_settings(environ={**wide, f"FENGTAI_{section}__PLAINTEXT_OK": "true"})


def test_with_a_certificate_nothing_is_in_clear() -> None:
    tls = {"FENGTAI_HTTP__TLS_CERTIFICATE": "c.pem", "FENGTAI_HTTP__TLS_KEY": "k.pem"}
    assert load_settings(environ={"FENGTAI_HTTP__HOST": "192.0.2.10", **tls}).http.host == "192.0.2.10"


def test_settings_cannot_be_changed_later() -> None:
    settings = load_settings(environ={})
    with pytest.raises(ValidationError):
        settings.http.port = 1
    with pytest.raises(AttributeError):
        settings.data = Path("elsewhere")


def test_every_gateway_has_its_section() -> None:
    settings = load_settings(environ={})
    assert {gateway.name for gateway in found_gateways()} == set(settings.gateways)
    for gateway in found_gateways():
        assert isinstance(settings.gateways[gateway.name], gateway.settings)


# --- looking at the machine


def test_a_port_in_use_is_found_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = load_settings(environ={"FENGTAI_DATA": str(tmp_path), "FENGTAI_HTTP__PORT": str(port)})
        found = {finding.id: finding for finding in check(settings)}
    assert not found["http.port"].ok
    assert "ss -lnptu" in found["http.port"].fix
    assert found["data"].ok
    assert found["clock"].ok


def test_a_folder_that_cannot_be_made_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not machine_checks.folder_is_writable("data", tmp_path / "file" / "data").ok


@pytest.mark.parametrize(
    ("address", "bound_to", "ok"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", False),
        ("192.0.2.10", "0.0.0.0", True),
        ("0.0.0.0", "0.0.0.0", False),
        ("239.1.1.1", "0.0.0.0", False),
        ("camera-server", "0.0.0.0", False),
    ],
)
def test_an_address_that_devices_cannot_use_is_found(address: str, bound_to: str, ok: bool) -> None:
    assert machine_checks.is_plausible_address("sip.advertised", address, bound_to=bound_to).ok is ok


@pytest.mark.parametrize(
    ("id", "domain", "ok"),
    [
        ("34020000002000000001", "3402000000", True),
        ("3402000000200000000", "3402000000", False),
        ("34020000002000000001", "3401000000", False),
        ("34020000002000000001", "", False),
        ("３４０２００００００２０００００００１", "3402000000", False),
    ],
)
def test_a_sip_identity_is_twenty_digits_in_its_domain(id: str, domain: str, ok: bool) -> None:
    assert machine_checks.sip_identity("sip", id, domain).ok is ok


@pytest.mark.parametrize(
    ("secret", "ok"), [("", False), ("12345678", False), ("aaaaaaaaaaaa", False), ("kX4-9hQw_77b", True)]
)
def test_a_shared_password_must_be_set_and_strong(secret: str, ok: bool) -> None:
    finding = machine_checks.is_strong("sip.shared_password", secret)
    assert finding.ok is ok
    assert not secret or secret not in finding.detail


def test_a_disk_at_its_reserve_is_found(tmp_path: Path) -> None:
    assert machine_checks.has_space("media.reserve_bytes", tmp_path / "not" / "yet", 0).ok
    assert not machine_checks.has_space("media.reserve_bytes", tmp_path, 1 << 62).ok


def test_a_certificate_that_does_not_load_is_found(tmp_path: Path) -> None:
    assert not machine_checks.certificate_loads("http.tls_certificate", tmp_path / "c.pem", tmp_path / "k.pem").ok


def test_the_real_clock_goes_forward_on_both_scales() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.monotonic <= second.monotonic
    assert first.utc.utcoffset() is not None
