"""The invented town on paper."""

from fengtai.apps.simulator.city import device_ids
from fengtai.apps.simulator.town_plan import CENTRE, plan_town
from fengtai.vocabulary.identifiers import parse_code


def test_eight_cameras_are_four_alone_and_a_recorder_with_four():
    plan = plan_town(8)
    assert [len(device.cameras) for device in plan] == [1, 1, 1, 1, 4]
    assert [parse_code(device.device_id).type for device in plan] == [132, 132, 132, 132, 118]
    assert device_ids(8) == [device.device_id for device in plan]


def test_every_camera_has_a_code_a_name_and_a_place_of_its_own():
    cameras = [camera for device in plan_town(500) for camera in device.cameras]
    assert len(cameras) == 500
    for told in ("channel_id", "name", "position"):
        assert len({getattr(camera, told) for camera in cameras}) == 500
    assert all(parse_code(camera.channel_id).is_camera for camera in cameras)
    assert all(camera.position.metres_to(CENTRE) < 5000 for camera in cameras)


def test_no_channel_bears_the_code_of_a_device():
    plan = plan_town(64)
    assert not {device.device_id for device in plan} & {c.channel_id for device in plan for c in device.cameras}


def test_the_domain_is_that_of_the_platform():
    assert all(code.startswith("1101080000") for code in device_ids(20, domain="1101080000"))


def test_a_town_grows_without_changing_what_stands():
    assert plan_town(16)[:5] == plan_town(8)
