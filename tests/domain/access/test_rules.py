"""Roles, permissions, passwords, locks: the pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.access.model import AccessPolicy, Actor, Permission, Role, Throttle, unlimited
from fengtai.domain.access.rules import (
    PERMISSIONS_OF_ROLE,
    admitted,
    after_attempt,
    checked_name,
    checked_roles,
    is_locked,
    name_key,
    permissions_of,
    setup_token,
    setup_token_sha256,
    throttle_keys,
)
from fengtai.vocabulary.errors import Invalid

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROLES = st.frozensets(st.sampled_from(Role))
MARKERS = ["public", "signed-in", *(permission.value for permission in Permission)]


def holding(roles: frozenset[Role]) -> Actor:
    held = permissions_of(roles)
    return Actor(user_id="u", name="n", roles=roles, permissions=held, rights=unlimited(held))


@given(ROLES, ROLES)
def test_fewer_roles_never_mean_more_permissions(some: frozenset[Role], more: frozenset[Role]) -> None:
    assert permissions_of(some) <= permissions_of(some | more)


@given(ROLES, st.one_of(st.text(), st.none(), st.integers(), st.sampled_from(MARKERS)))
def test_what_is_not_said_aloud_is_refused(roles: frozenset[Role], marker: object) -> None:
    allowed = admitted(holding(roles), marker).allowed
    held = {permission.value for permission in permissions_of(roles)}
    assert allowed == (marker in ("public", "signed-in") or marker in held)


@given(st.one_of(st.text(), st.none(), st.sampled_from(MARKERS)))
def test_nobody_is_let_in_to_nothing_but_what_is_public(marker: object) -> None:
    assert admitted(None, marker).allowed == (marker == "public")


def test_a_refusal_says_what_is_missing() -> None:
    assert admitted(holding(frozenset({Role.AUDITOR})), "live.see").reason == ("live.see is missing: no grant gives it")


def test_administrator_auditor_and_operation_are_separated() -> None:
    administrator, auditor = PERMISSIONS_OF_ROLE[Role.ADMINISTRATOR], PERMISSIONS_OF_ROLE[Role.AUDITOR]
    assert auditor == {Permission.AUDIT_SEE, Permission.PEOPLE_SEE, Permission.GRANTS_SEE}
    assert not administrator & {Permission.AUDIT_SEE, Permission.LIVE_SEE, Permission.PLAYBACK_SEE}
    for role in set(Role) - {Role.AUDITOR}:
        assert Permission.AUDIT_SEE not in PERMISSIONS_OF_ROLE[role]
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert Permission.PEOPLE_EDIT not in PERMISSIONS_OF_ROLE[role]


def test_every_role_has_permissions_and_every_permission_a_role() -> None:
    assert set(PERMISSIONS_OF_ROLE) == set(Role)
    assert permissions_of(Role) == set(Permission)


def test_the_auditors_role_stands_alone() -> None:
    with pytest.raises(Invalid, match="stands alone"):
        checked_roles([Role.AUDITOR, Role.ADMINISTRATOR])
    with pytest.raises(Invalid, match="at least one"):
        checked_roles([])


@pytest.mark.parametrize("name", ["", " ", "x", "a\x00b", "a\nb", "y" * 65, "a\u202eb"])
def test_a_name_that_cannot_be_told_apart_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name)


def test_width_and_case_do_not_tell_people_apart() -> None:
    assert name_key(" Ｗｅｉ ") == name_key("wei")


def test_a_key_is_locked_when_its_failures_are_used_up_and_longer_each_time() -> None:
    policy, throttle, now, locks = AccessPolicy(), None, NOON, []
    for _ in range(8):
        throttle = after_attempt(throttle, "name:x", 5, now, policy)
        if throttle.locked_until:
            locks.append((throttle.locked_until - now).total_seconds())
            now = throttle.locked_until
    assert locks == [30, 60, 120, 240]
    assert not is_locked(throttle, now)


@given(st.integers(0, 200))
def test_a_lock_never_lasts_longer_than_the_longest(failures: int) -> None:
    before = Throttle(key="k", failures=failures, first_at=NOON, last_at=NOON)
    after = after_attempt(before, "k", 5, NOON, AccessPolicy())
    assert after.locked_until is None or after.locked_until <= NOON + timedelta(seconds=900)


def test_failures_are_forgotten_after_a_quiet_time() -> None:
    before = Throttle(key="k", failures=4, first_at=NOON, last_at=NOON)
    assert after_attempt(before, "k", 5, NOON + timedelta(seconds=901), AccessPolicy()).failures == 1
    assert after_attempt(before, "k", 5, NOON + timedelta(seconds=899), AccessPolicy()).failures == 5


def test_an_ipv6_subscriber_is_one_address() -> None:
    one, other = (throttle_keys("n", ip, AccessPolicy())[1] for ip in ("2001:db8::1", "2001:db8::ffff:1"))
    assert one == other
    assert throttle_keys("n", "192.0.2.1", AccessPolicy())[1] != throttle_keys("n", "192.0.2.2", AccessPolicy())[1]


@given(st.binary(min_size=15, max_size=15))
def test_a_set_up_token_may_be_typed_sloppily(secret: bytes) -> None:
    token = setup_token(secret)
    assert len(token) == 27
    assert setup_token_sha256(token) == setup_token_sha256(f" {token.lower().replace('-', ' ')} ")
