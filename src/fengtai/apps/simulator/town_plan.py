"""The invented town: which cameras stand where, under which devices, and what each of them sees. Pure and repeatable.

Streets, shops and people are invented; the centre lies at about 118.37 E, 31.33 N because the examples of the standard do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fengtai.apps.simulator.street import StreetLook
from fengtai.vocabulary.identifiers import proposed_code
from fengtai.vocabulary.places import Position

CENTRE: Final = Position(118.3710, 31.3310)
DEFAULT_DOMAIN: Final = "3402000000"

_BLOCK = 8
_NVR_CHANNELS = 4
_STEP_DEGREES = 0.0018
"""about 200 m between the cameras of the outskirts"""

_PLACES: Final[Sequence[tuple[str, str, float, float]]] = (
    ("望江街口 东向", "望江街 2 号", 118.3706, 31.3304),
    ("望江街珠宝行门前", "望江街 18 号", 118.3709, 31.3307),
    ("钟楼广场 南侧", "钟楼广场 1 号", 118.3733, 31.3319),
    ("钟楼小学 校门", "钟楼广场 2 号", 118.3737, 31.3323),
    ("烽台路仓库 大门", "烽台路 66 号", 118.3669, 31.3288),
    ("烽台路口 西向", "烽台路 50 号", 118.3675, 31.3293),
    ("江堤公园 北门", "江堤路 9 号", 118.3692, 31.3341),
    ("滨江桥头", "江堤路 30 号", 118.3748, 31.3344),
    ("城南菜市场", "城南路 12 号", 118.3701, 31.3276),
    ("汽车站 站前", "站前路 1 号", 118.3653, 31.3312),
    ("老城墙 西门", "西门巷 3 号", 118.3664, 31.3328),
    ("医院 急诊楼前", "康宁路 8 号", 118.3760, 31.3301),
    ("图书馆 正门", "文苑路 5 号", 118.3722, 31.3290),
    ("码头 一号泊位", "码头路 1 号", 118.3725, 31.3356),
    ("纺织厂路口", "纺织路 77 号", 118.3772, 31.3281),
    ("文化宫 广场", "文苑路 20 号", 118.3746, 31.3275),
)
_STREETS: Final = ("烽台路", "望江街", "钟楼路", "江堤路", "城南路", "站前路", "康宁路", "文苑路")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCamera:
    number: int
    """from 1 on, over the whole town"""
    channel_id: str
    name: str
    address: str
    position: Position

    def look(self, *, width: int, height: int, grain: int = 0) -> StreetLook:
        """Every third camera looks at the night."""
        return StreetLook(
            name=f"{self.number:02d} {self.name}",
            width=width,
            height=height,
            is_night=self.number % 3 == 0,
            seed=self.number,
            grain=grain,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDevice:
    """A camera by itself, or a recorder (NVR) with four."""

    device_id: str
    name: str
    cameras: tuple[PlannedCamera, ...]


def plan_town(cameras: int, *, domain: str = DEFAULT_DOMAIN) -> list[PlannedDevice]:
    """Devices for so many cameras: in each full block of eight, four stand alone and four hang on a recorder."""
    placed = [_camera(number, domain) for number in range(1, cameras + 1)]
    devices: list[PlannedDevice] = []
    for start in range(0, cameras, _BLOCK):
        block = placed[start : start + _BLOCK]
        alone = block[:-_NVR_CHANNELS] if len(block) == _BLOCK else block
        for camera in alone:
            code = proposed_code(domain, 132, camera.number).text
            devices.append(PlannedDevice(device_id=code, name=camera.name, cameras=(camera,)))
        if len(block) == _BLOCK:
            serial = start // _BLOCK + 1
            code = proposed_code(domain, 118, serial).text
            recorder = PlannedDevice(device_id=code, name=f"{serial} 号录像机", cameras=tuple(block[-_NVR_CHANNELS:]))
            devices.append(recorder)
    return devices


def device_ids(cameras: int, *, domain: str = DEFAULT_DOMAIN) -> list[str]:
    return [device.device_id for device in plan_town(cameras, domain=domain)]


def _camera(number: int, domain: str) -> PlannedCamera:
    channel_id = proposed_code(domain, 131, number).text
    if number <= len(_PLACES):
        name, address, longitude, latitude = _PLACES[number - 1]
        place = Position(longitude, latitude)
    else:
        name, address, place = _outskirts(number - len(_PLACES))
    return PlannedCamera(number=number, channel_id=channel_id, name=name, address=address, position=place)


def _outskirts(number: int) -> tuple[str, str, Position]:
    """Poles along a square grid around the centre, ring by ring."""
    ring, first = 3, 0
    while number - first > 8 * ring:
        first += 8 * ring
        ring += 1
    side, along = divmod(number - first - 1, 2 * ring)
    east, north = [(along - ring, ring), (ring, ring - along), (ring - along, -ring), (-ring, along - ring)][side]
    street, pole = _STREETS[number % len(_STREETS)], number // len(_STREETS) + 100
    place = Position(
        round(CENTRE.longitude + east * _STEP_DEGREES, 6), round(CENTRE.latitude + north * _STEP_DEGREES * 0.9, 6)
    )
    return f"{street} {pole} 号杆", f"{street} {pole} 号", place
