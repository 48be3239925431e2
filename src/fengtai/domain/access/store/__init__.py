"""Stores of people, sessions, failed sign-ins and the set-up token (SQLite and PostgreSQL)."""

from collections.abc import Mapping
from typing import Any

from fengtai.domain.access.ports import (
    ApprovalStore,
    ChallengeStore,
    GrantStore,
    KeptPasswordStore,
    KeyStore,
    PersonStore,
    ProviderStore,
    SessionStore,
    SetupStore,
    ThrottleStore,
    TokenStore,
)
from fengtai.domain.access.store.approvals import SqlApprovals
from fengtai.domain.access.store.grants import SqlGrants
from fengtai.domain.access.store.keys import SqlChallenges, SqlKeptPasswords, SqlKeys
from fengtai.domain.access.store.people import SqlPeople
from fengtai.domain.access.store.sessions import SqlSessions
from fengtai.domain.access.store.sign_ins import SqlSetup, SqlThrottles
from fengtai.domain.access.store.tables import metadata
from fengtai.domain.access.store.tokens import SqlProviders, SqlTokens

__all__ = ["STORES", "SqlGrants", "SqlPeople", "SqlSessions", "SqlSetup", "SqlThrottles", "metadata"]

STORES: Mapping[type[Any], type[Any]] = {
    PersonStore: SqlPeople,
    GrantStore: SqlGrants,
    ApprovalStore: SqlApprovals,
    SessionStore: SqlSessions,
    ThrottleStore: SqlThrottles,
    SetupStore: SqlSetup,
    ChallengeStore: SqlChallenges,
    KeyStore: SqlKeys,
    KeptPasswordStore: SqlKeptPasswords,
    TokenStore: SqlTokens,
    ProviderStore: SqlProviders,
}
