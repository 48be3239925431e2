"""Tables and SQL of incidents, for SQLite and PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from fengtai.domain.incidents.ports import ClipStore, DispatchStore, HandOverStore, IncidentLog, IncidentStore
from fengtai.domain.incidents.store.belongings import SqlDispatches, SqlIncidentLog
from fengtai.domain.incidents.store.clips import SqlClips
from fengtai.domain.incidents.store.hand_overs import SqlHandOvers
from fengtai.domain.incidents.store.incidents import SqlIncidents
from fengtai.domain.incidents.store.tables import metadata

STORES: Mapping[type[Any], type[Any]] = {
    IncidentStore: SqlIncidents,
    DispatchStore: SqlDispatches,
    IncidentLog: SqlIncidentLog,
    ClipStore: SqlClips,
    HandOverStore: SqlHandOvers,
}

__all__ = ["STORES", "metadata"]
