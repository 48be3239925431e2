"""Second factors, challenges, kept passwords, API tokens, identity providers: one contract, every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.access.model import (
    ApiToken,
    Challenge,
    Due,
    IdentityProvider,
    KeptPassword,
    LinkedIdentity,
    Passkey,
    Permission,
    Role,
    Session,
    Task,
    Throttle,
    Totp,
)
from fengtai.domain.access.ports import (
    ChallengeStore,
    KeptPasswordStore,
    KeyStore,
    ProviderStore,
    SessionStore,
    ThrottleStore,
    TokenStore,
)
from fengtai.vocabulary.errors import Conflict, NotFound

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZHANG, LI = "1" * 32, "2" * 32


def challenge(number: int, **terms: object) -> Challenge:
    values: dict[str, object] = {
        "ticket_sha256": bytes([number]) * 32,
        "task": Task.PROVIDER_SIGN_IN,
        "expires_at": NOON + timedelta(minutes=5),
        "user_id": ZHANG,
        "source": "address:192.0.2.7",
        "details": {"nonce": "x", "post": "值班一席"},
        "sealed": b"\x00\xff",
        **terms,
    }
    return Challenge(**values)  # type: ignore[arg-type]


def passkey(number: int, **terms: object) -> Passkey:
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "user_id": ZHANG,
        "name": "值班台 key",
        "credential_id": bytes([number]) * 64,
        "public_key": b"\xa5\x01",
        "sign_count": 2**32 - 1,
        "made_at": NOON + timedelta(seconds=number),
        **terms,
    }
    return Passkey(**values)  # type: ignore[arg-type]


def token(number: int, **terms: object) -> ApiToken:
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "user_id": ZHANG,
        "purpose": "大屏",
        "permissions": frozenset({Permission.ALARMS_SEE, Permission.POINTS_SEE}),
        "token_sha256": bytes([number]) * 32,
        "made_at": NOON + timedelta(seconds=number),
        "expires_at": NOON + timedelta(days=number),
        **terms,
    }
    return ApiToken(**values)  # type: ignore[arg-type]


# --- challenges


def test_a_challenge_is_taken_once(units: Units) -> None:
    one = challenge(1)
    units.run(lambda uow: uow.store(ChallengeStore).save(one))
    assert units.read(lambda uow: uow.store(ChallengeStore).get(one.ticket_sha256)) == one
    assert units.run(lambda uow: uow.store(ChallengeStore).take(one.ticket_sha256)) == one
    assert units.run(lambda uow: uow.store(ChallengeStore).take(one.ticket_sha256)) is None
    assert units.read(lambda uow: uow.store(ChallengeStore).get(one.ticket_sha256)) is None


def test_open_challenges_are_counted_by_network_and_forgotten_when_over(units: Units) -> None:
    mine = [challenge(number) for number in (1, 2)]
    others = [challenge(3, source="address:192.0.2.8"), challenge(4, expires_at=NOON)]
    for one in (*mine, *others):
        units.run(lambda uow, one=one: uow.store(ChallengeStore).save(one))  # type: ignore[misc]
    assert units.read(lambda uow: uow.store(ChallengeStore).open_from("address:192.0.2.7", NOON)) == 2
    assert units.run(lambda uow: uow.store(ChallengeStore).forget(NOON)) == 1
    assert units.run(lambda uow: uow.store(ChallengeStore).forget(NOON + timedelta(minutes=5))) == 3


# --- keys


def test_an_app_is_replaced_and_removed_with_its_recovery_codes(units: Units) -> None:
    first = Totp(user_id=ZHANG, seed_sealed=b"\x01\x00", enrolled_at=NOON, last_step=58_000_000)
    second = replace(first, seed_sealed=b"\x02", last_step=58_000_001)
    codes = [bytes([number]) * 32 for number in range(3)]
    for totp in (first, second):
        units.run(lambda uow, totp=totp: uow.store(KeyStore).save_totp(totp))  # type: ignore[misc]
    units.run(lambda uow: uow.store(KeyStore).replace_recovery_codes(ZHANG, codes))
    assert units.read(lambda uow: uow.store(KeyStore).totp(ZHANG)) == second
    assert units.read(lambda uow: uow.store(KeyStore).totp(LI)) is None

    assert units.run(lambda uow: uow.store(KeyStore).remove_totp(ZHANG))

    assert units.read(lambda uow: uow.store(KeyStore).totp(ZHANG)) is None
    assert units.read(lambda uow: uow.store(KeyStore).recovery_codes_left(ZHANG)) == 0
    assert not units.run(lambda uow: uow.store(KeyStore).remove_totp(ZHANG))


def test_a_recovery_code_is_used_once_by_its_person(units: Units) -> None:
    codes = [bytes([number]) * 32 for number in range(3)]
    units.run(lambda uow: uow.store(KeyStore).replace_recovery_codes(ZHANG, codes))
    assert not units.run(lambda uow: uow.store(KeyStore).use_recovery_code(LI, codes[0]))
    assert units.run(lambda uow: uow.store(KeyStore).use_recovery_code(ZHANG, codes[0]))
    assert not units.run(lambda uow: uow.store(KeyStore).use_recovery_code(ZHANG, codes[0]))
    assert units.read(lambda uow: uow.store(KeyStore).recovery_codes_left(ZHANG)) == 2
    units.run(lambda uow: uow.store(KeyStore).replace_recovery_codes(ZHANG, [b"n" * 32]))
    assert not units.run(lambda uow: uow.store(KeyStore).use_recovery_code(ZHANG, codes[1]))


def test_passkeys_are_listed_in_the_order_of_their_making(units: Units) -> None:
    second, first, foreign = passkey(2), passkey(1), passkey(3, user_id=LI)
    for one in (second, first, foreign):
        units.run(lambda uow, one=one: uow.store(KeyStore).save_passkey(one))  # type: ignore[misc]
    used = replace(first, sign_count=0, last_used_at=NOON, is_synced=True)
    units.run(lambda uow: uow.store(KeyStore).save_passkey(used))
    assert units.read(lambda uow: uow.store(KeyStore).passkeys(ZHANG)) == [used, second]
    assert units.read(lambda uow: uow.store(KeyStore).passkey_by_credential(foreign.credential_id)) == foreign
    assert units.read(lambda uow: uow.store(KeyStore).passkey_by_credential(b"?")) is None
    units.run(lambda uow: uow.store(KeyStore).remove_passkey(second.id))
    assert units.read(lambda uow: uow.store(KeyStore).passkeys(ZHANG)) == [used]


def test_a_credential_belongs_to_one_passkey(units: Units) -> None:
    units.run(lambda uow: uow.store(KeyStore).save_passkey(passkey(1)))
    with pytest.raises(Conflict):
        units.run(lambda uow: uow.store(KeyStore).save_passkey(passkey(2, credential_id=bytes([1]) * 64, user_id=LI)))


def test_who_has_which_keys(units: Units) -> None:
    totp = Totp(user_id=LI, seed_sealed=b"x", enrolled_at=NOON, last_step=1)
    units.run(lambda uow: uow.store(KeyStore).save_totp(totp))
    for number in (1, 2):
        units.run(lambda uow, number=number: uow.store(KeyStore).save_passkey(passkey(number)))  # type: ignore[misc]
    assert units.read(lambda uow: uow.store(KeyStore).people_with_keys()) == {LI: (True, 0), ZHANG: (False, 2)}


def test_the_newest_passwords_are_kept_and_older_ones_forgotten(units: Units) -> None:
    kept = [
        KeptPassword(
            id=f"{number:032x}",
            user_id=ZHANG,
            password_hash=f"hash {number}",
            set_at=NOON + timedelta(days=number),
            by_other=number == 0,
        )
        for number in range(4)
    ]
    foreign = replace(kept[0], id="f" * 32, user_id=LI)
    for one in (foreign, *kept):
        units.run(lambda uow, one=one: uow.store(KeptPasswordStore).add(one, keep=3))  # type: ignore[misc]
    assert units.read(lambda uow: uow.store(KeptPasswordStore).of_person(ZHANG, 9)) == kept[:0:-1]
    assert units.read(lambda uow: uow.store(KeptPasswordStore).of_person(ZHANG, 1)) == [kept[3]]
    assert units.read(lambda uow: uow.store(KeptPasswordStore).of_person(LI, 9)) == [foreign]


# --- sessions and locks, as far as they are new


def test_a_session_remembers_how_it_was_proven_and_what_is_due(units: Units) -> None:
    session = Session(
        id="s" * 32,
        token_sha256=b"t" * 32,
        user_id=ZHANG,
        started_at=NOON,
        seen_at=NOON,
        ends_at=NOON + timedelta(hours=12),
        proven_by="password+totp",
        due=frozenset({Due.PASSWORD, Due.SECOND_FACTOR}),
    )
    units.run(lambda uow: uow.store(SessionStore).save(session))
    assert units.read(lambda uow: uow.store(SessionStore).get(session.id)) == session


def test_what_is_locked_is_listed_in_the_order_of_its_keys(units: Units) -> None:
    rows = [
        Throttle(key=key, failures=9, first_at=NOON, last_at=NOON, locked_until=until)
        for key, until in (
            ("name:a", NOON + timedelta(minutes=1)),
            ("address:b", NOON + timedelta(minutes=2)),
            ("name:c", NOON),
            ("name:d", None),
        )
    ]
    for row in rows:
        units.run(lambda uow, row=row: uow.store(ThrottleStore).save(row))  # type: ignore[misc]
    assert units.read(lambda uow: uow.store(ThrottleStore).locked(NOON)) == [rows[1], rows[0]]
    assert units.read(lambda uow: uow.store(ThrottleStore).locked(NOON, limit=1)) == [rows[1]]
    assert units.read(lambda uow: uow.store(ThrottleStore).locked(NOON, after="address:b")) == [rows[0]]
    assert units.read(lambda uow: uow.store(ThrottleStore).locked(NOON, ["name:a", "name:c"])) == [rows[0]]
    assert units.read(lambda uow: uow.store(ThrottleStore).locked(NOON, [])) == []


# --- tokens


def test_tokens_are_found_by_their_hash_and_listed_newest_first(units: Units) -> None:
    old, new, foreign = token(1), token(2), token(3, user_id=LI)
    for one in (old, new, foreign):
        units.run(lambda uow, one=one: uow.store(TokenStore).save(one))  # type: ignore[misc]
    used = replace(old, last_used_at=NOON, last_used_ip="2001:db8::1")
    units.run(lambda uow: uow.store(TokenStore).save(used))
    assert units.read(lambda uow: uow.store(TokenStore).by_token(old.token_sha256)) == used
    assert units.read(lambda uow: uow.store(TokenStore).by_token(b"?")) is None
    assert units.read(lambda uow: uow.store(TokenStore).of_person(ZHANG)) == [new, used]
    assert units.read(lambda uow: uow.store(TokenStore).page(None)) == [foreign, new, used]
    assert units.read(lambda uow: uow.store(TokenStore).page({ZHANG}, limit=1)) == [new]
    assert units.read(lambda uow: uow.store(TokenStore).page({ZHANG}, after=new.id)) == [used]
    assert units.read(lambda uow: uow.store(TokenStore).over(NOON + timedelta(days=1))) == [used]
    units.run(lambda uow: uow.store(TokenStore).remove(old.id))
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(TokenStore).get(old.id))


# --- identity providers


def provider(number: int, name: str) -> IdentityProvider:
    return IdentityProvider(
        id=f"{number:032x}",
        name=name,
        issuer="https://idp.example/realms/市局",
        client_id="fengtai",
        secret_sealed=b"\x01\x00",
        scopes=("openid", "profile", "groups"),
        roles_claim="groups",
        role_of={"值班": Role.OPERATOR, "chiefs": Role.CHIEF},
        makes_people=True,
    )


def test_a_provider_is_kept_whole_changed_and_removed(units: Units) -> None:
    first, second = provider(1, "b"), provider(2, "a")
    for one in (first, second):
        units.run(lambda uow, one=one: uow.store(ProviderStore).save(one))  # type: ignore[misc]
    changed = replace(first, enabled=False, counts_as_two=True, links_by_name=True, secret_sealed=b"")
    units.run(lambda uow: uow.store(ProviderStore).save(changed))
    assert units.read(lambda uow: uow.store(ProviderStore).all()) == [second, changed]
    units.run(lambda uow: uow.store(ProviderStore).remove(first.id))
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(ProviderStore).get(first.id))


def test_a_subject_is_linked_to_one_person(units: Units) -> None:
    long = "s" * 255
    links = [
        LinkedIdentity(issuer="https://a.example", subject=long, user_id=ZHANG, linked_at=NOON),
        LinkedIdentity(issuer="https://b.example", subject=long, user_id=ZHANG, linked_at=NOON + timedelta(seconds=1)),
        LinkedIdentity(issuer="https://a.example", subject="other", user_id=LI, linked_at=NOON),
    ]
    for link in links:
        units.run(lambda uow, link=link: uow.store(ProviderStore).link(link))  # type: ignore[misc]
    assert units.read(lambda uow: uow.store(ProviderStore).linked("https://a.example", long)) == links[0]
    assert units.read(lambda uow: uow.store(ProviderStore).linked("https://a.example", "?")) is None
    assert units.read(lambda uow: uow.store(ProviderStore).links_of(ZHANG)) == links[:2]
    assert units.run(lambda uow: uow.store(ProviderStore).unlink(ZHANG)) == 2
    assert units.read(lambda uow: uow.store(ProviderStore).linked("https://a.example", "other")) == links[2]
