"""Every setting is documented, and the page is made from the settings."""

from pathlib import Path

from fengtai.apps.settings_reference import described_settings, reference_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_every_setting_says_what_it_means() -> None:
    silent = [f"{setting.section}.{setting.key}" for setting in described_settings() if len(setting.meaning) < 8]
    assert not silent, "put a string below the field, or Field(description=...)"


def test_there_is_no_default_secret() -> None:
    words = ("password", "secret", "token", "key")
    secrets = [s for s in described_settings() if s.key.split("_")[-1] in words and not s.key.startswith("tls")]
    assert [setting for setting in secrets if setting.default != "none"] == []


def test_the_page_of_settings_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "run: python -m fengtai.apps.settings_reference docs/reference/settings.md"
    )
