"""What the settings of access become: the policy, and where passkeys are good."""

from fengtai.apps.settings import load_settings
from fengtai.domain.access.model import PasswordProfile, Role


def test_administrators_need_two_factors_and_given_passwords_are_changed_unless_said_otherwise() -> None:
    policy = load_settings(environ={}).access.policy("City")
    assert policy.second_factor_roles == {Role.ADMINISTRATOR}
    assert (policy.password_profile, policy.change_given_passwords) == (PasswordProfile.MLPS3, True)
    assert policy.site_name == "City"

    environ = {"FENGTAI_ACCESS__SECOND_FACTOR_ROLES": "", "FENGTAI_ACCESS__PASSWORD_PROFILE": "asvs5"}
    policy = load_settings(environ=environ).access.policy()
    assert (policy.second_factor_roles, policy.password_profile) == (frozenset(), PasswordProfile.ASVS5)


def test_passkeys_are_good_under_the_name_and_its_origins_only() -> None:
    environ = {
        "FENGTAI_HTTP__PORT": "8443",
        "FENGTAI_HTTP__ORIGINS": "https://city.example,https://video.city.example:444,https://evilcity.example",
        "FENGTAI_ACCESS__PASSKEY_NAME": "city.example",
    }
    settings = load_settings(environ=environ)
    site = settings.access.passkey_site("City", settings.http)
    assert (site.rp_id, site.rp_name) == ("city.example", "City")
    assert site.origins == ("http://city.example:8443", "https://city.example", "https://video.city.example:444")
