"""The signal journal's table, and signals as its rows.

Owns `signal_journal`: append-only, raw bytes for ever. Must not know rules or alarms. Rows are plain tuples in the order
of COLUMNS because this is the hot path: engines hand them to the driver's executemany without SQLAlchemy in between.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    func,
    select,
)

from fengtai.domain.alarms.model import Backlog, Channel, JournalledSignal, Qualifier, Signal, TriageLane
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.places import Position

metadata = MetaData()

signal_journal = Table(
    "signal_journal",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
        comment="place in the order of arrival, from 1, without holes",
    ),
    Column("received_at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC, our clock"),
    Column("channel", String(16), nullable=False, comment="alarms.model.Channel"),
    Column("source", Text, nullable=False, comment="gateway's name"),
    Column("account", Text, nullable=False, comment="as the device says it"),
    Column("receiver", Text, nullable=False, comment="DC-09 receiver number, digits"),
    Column("line", Text, nullable=False, comment="DC-09 account prefix / line"),
    Column("sequence", Text, nullable=False, comment="the sender's own number of the message"),
    Column("code_system", String(32), nullable=False),
    Column("code", Text, nullable=False),
    Column("qualifier", String(16), nullable=False, comment="alarms.model.Qualifier"),
    Column("partition_no", Text, nullable=False, comment="panel partition"),
    Column("zone", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("device_time_ms", BigInteger, comment="ms since 1970 UTC, the device's clock; may be wrong"),
    Column("longitude", Float, comment="degrees, WGS-84"),
    Column("latitude", Float, comment="degrees, WGS-84"),
    Column("media_ref", Text, nullable=False),
    Column("dedup_key", Text, nullable=False, comment="equal for repeats of one message; empty: never a repeat"),
    Column("drill", Boolean, nullable=False),
    Column("peer", Text, nullable=False, comment="address and port it came from"),
    Column("raw", LargeBinary, nullable=False, comment="the bytes as they came; for ever"),
    Column("details", Text, nullable=False, comment="JSON object of strings"),
    Column("lane", SmallInteger, nullable=False, server_default="0", comment="alarms.model.TriageLane"),
    Index("signal_journal_lane", "lane", "seq"),
)
COLUMNS = tuple(column.name for column in signal_journal.columns)
COUNTED_AT_MOST = 100_000
"""of a backlog: beyond, how large it is matters to nobody"""

_CHANNELS = {channel: channel.value for channel in Channel}
_QUALIFIERS = {qualifier: qualifier.value for qualifier in Qualifier}
_LANES = {lane: lane.value for lane in TriageLane}  # a dictionary is several times quicker than `.value`


def as_row(seq: int, received_at_ms: int, signal: Signal, lane: TriageLane) -> tuple[Any, ...]:
    """The row of this signal. Text that no database takes (NUL, lone surrogates) is replaced: `raw` keeps the truth."""
    row = _row(seq, received_at_ms, signal, lane)
    try:
        texts = "".join((signal.account, signal.code, signal.zone, signal.text, signal.peer, signal.dedup_key))
        more = "".join(
            (
                signal.source,
                signal.code_system,
                signal.sequence,
                signal.partition,
                signal.receiver,
                signal.line,
                signal.media_ref,
            )
        )
        if (texts + more).isascii() and "\0" not in texts and "\0" not in more:
            return row
    except TypeError:
        pass  # a field is no text at all: the database refuses it, and says so better
    return tuple(_storable(value) for value in row)


def _storable(value: Any) -> Any:
    if type(value) is not str:
        return value
    return value.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def _row(seq: int, received_at_ms: int, signal: Signal, lane: TriageLane) -> tuple[Any, ...]:
    position = signal.position
    return (
        seq,
        received_at_ms,
        _CHANNELS[signal.channel],
        signal.source,
        signal.account,
        signal.receiver,
        signal.line,
        signal.sequence,
        signal.code_system,
        signal.code,
        _QUALIFIERS[signal.qualifier],
        signal.partition,
        signal.zone,
        signal.text,
        None if signal.device_time is None else to_ms(signal.device_time),
        None if position is None else position.longitude,
        None if position is None else position.latitude,
        signal.media_ref,
        signal.dedup_key,
        signal.drill,
        signal.peer,
        signal.raw,
        _json_of(signal.details) if signal.details else "{}",
        _LANES[lane],
    )


_written: dict[int, tuple[Mapping[str, str], str]] = {}


def _json_of(details: Mapping[str, str]) -> str:
    """What cannot be changed is written once: gateways share one mapping among all signals of a code. The mapping is
    kept with its text, so that its identity stays its own."""
    if type(details) is not MappingProxyType:
        return json.dumps(dict(details))
    kept = _written.get(id(details))
    if kept is None:
        if len(_written) >= 4096:
            _written.clear()
        kept = _written[id(details)] = (details, json.dumps(dict(details)))
    return kept[1]


def from_row(row: Any) -> JournalledSignal:
    at: datetime | None = None if row.device_time_ms is None else from_ms(row.device_time_ms)
    here = None if row.longitude is None or row.latitude is None else Position(row.longitude, row.latitude)
    signal = Signal(
        channel=Channel(row.channel),
        source=row.source,
        account=row.account,
        receiver=row.receiver,
        line=row.line,
        sequence=row.sequence,
        code_system=row.code_system,
        code=row.code,
        qualifier=Qualifier(row.qualifier),
        partition=row.partition_no,
        zone=row.zone,
        text=row.text,
        device_time=at,
        position=here,
        media_ref=row.media_ref,
        dedup_key=row.dedup_key,
        drill=row.drill,
        peer=row.peer,
        raw=bytes(row.raw),
        details=json.loads(row.details),
    )
    return JournalledSignal(seq=row.seq, received_at=from_ms(row.received_at_ms), signal=signal)


def newest(connection: Connection) -> int:
    """The highest `seq`; 0 in an empty journal."""
    seq: int | None = connection.execute(select(func.max(signal_journal.c.seq))).scalar()
    return seq or 0


def after(connection: Connection, seq: int, limit: int, lane: TriageLane | None = None) -> Sequence[JournalledSignal]:
    table = signal_journal
    statement = select(table).where(table.c.seq > seq).order_by(table.c.seq).limit(limit)
    if lane is not None:
        statement = statement.where(table.c.lane == lane.value)
    return [from_row(row) for row in connection.execute(statement).all()]


def backlog(connection: Connection, seq: int, lane: TriageLane) -> Backlog:
    table = signal_journal
    waiting = select(table.c.seq).where(table.c.lane == lane.value, table.c.seq > seq)
    counted = waiting.order_by(table.c.seq).limit(COUNTED_AT_MOST).subquery()
    signals = connection.execute(select(func.count()).select_from(counted)).scalar_one()
    if not signals:
        return Backlog(signals=0)
    oldest = select(table.c.received_at_ms).where(table.c.lane == lane.value, table.c.seq > seq)
    at_ms = connection.execute(oldest.order_by(table.c.seq).limit(1)).scalar_one()
    return Backlog(signals=signals, oldest_at=from_ms(at_ms))


def get(connection: Connection, seq: int) -> JournalledSignal | None:
    row = connection.execute(select(signal_journal).where(signal_journal.c.seq == seq)).one_or_none()
    return None if row is None else from_row(row)
