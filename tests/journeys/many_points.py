"""A city of many points, written into a database that stands still: what an import of hours would have left."""

import random
import sqlite3
from pathlib import Path

from fengtai.domain.organisations.store import metadata as organisations
from fengtai.domain.points.model import Point, PointClass
from fengtai.domain.points.store.rows import values_of
from fengtai.domain.points.store.tables import point_table
from fengtai.vocabulary.places import Position

CENTRE = Position(118.37, 31.33)
CLASSES = (PointClass.ONE, PointClass.TWO, PointClass.THREE, PointClass.THREE)
FIRST_CODE = 34020300001320000000


def fill(database: Path, count: int) -> None:
    """Points and a device for each; a tenth of the devices is offline, a twentieth of the points has none."""
    dice = random.Random(count)
    with sqlite3.connect(database) as connection:
        (root,) = connection.execute(f"SELECT id FROM {next(iter(organisations.tables))} LIMIT 1").fetchone()
        highest = connection.execute("SELECT coalesce(max(number), 0) FROM points_point").fetchone()[0]
        points = [_point(highest + serial, root, dice) for serial in range(1, count + 1)]
        rows = [values_of(point) | {"id": point.id, "seat": 2 * point.number} for point in points]
        names = [name for name in rows[0] if name in point_table.c]
        marks = ", ".join(f":{name}" for name in names)
        connection.executemany(f"INSERT INTO points_point ({', '.join(names)}) VALUES ({marks})", rows)
        columns = [row[1:] for row in connection.execute("PRAGMA table_info(devices_device)")]
        devices = [_device(point.device_id, columns, dice) for point in points if point.device_id]
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"INSERT OR IGNORE INTO devices_device VALUES ({marks})", devices)


def _point(number: int, organisation_id: str, dice: random.Random) -> Point:
    code = str(FIRST_CODE + number)
    bound = number % 20 != 0
    return Point(
        id=f"{number:032x}",
        number=number,
        code=code,
        name=f"{dice.choice('春夏秋冬东西南北')}{dice.choice('江河湖海山林')}路 {number} 号",
        organisation_id=organisation_id,
        point_class=dice.choice(CLASSES),
        position=Position(dice.gauss(CENTRE.longitude, 0.05), dice.gauss(CENTRE.latitude, 0.04)),
        view_degrees=dice.randrange(360),
        view_angle_degrees=60,
        device_id=code if bound else "",
        channel_id=code if bound else "",
        area_code="340203",
        records=False,
    )


def _device(device_id: str, columns: list[tuple[object, ...]], dice: random.Random) -> list[object]:
    known = {
        "id": device_id,
        "name": device_id,
        "enrolment": "accepted",
        "presence": "offline" if dice.random() < 0.1 else "online",
        "expires_at_ms": 4_000_000_000_000,
        "last_seen_at_ms": 4_000_000_000_000,
    }
    return [
        known.get(str(name), _nothing(str(kind), bool(needed), default)) for name, kind, needed, default, _ in columns
    ]


def _nothing(kind: str, needed: bool, default: object) -> object:
    if not needed:
        return None
    if default is not None:
        return str(default).strip("'")
    return b"" if kind == "BLOB" else "" if kind.startswith(("VARCHAR", "TEXT")) else 0
