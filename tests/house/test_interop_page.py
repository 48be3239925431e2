"""The page on interoperability is made from the table that the journey runs, and every fault is in it."""

from tests.journeys.fault_table import FAULTS, PAGE, SIGNALLING, interop_page

from fengtai.apps.simulator.faults import FAULTS as SIMULATED
from fengtai.apps.simulator.signalling_faults import SIGNALLING_FAULTS


def test_every_fault_of_the_simulator_is_run_by_the_journey() -> None:
    assert {fault.name for fault in FAULTS} == set(SIMULATED)
    assert {fault.name for fault in SIGNALLING} == set(SIGNALLING_FAULTS)


def test_the_page_of_interoperability_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == interop_page(), (
        "run: python -m tests.journeys.fault_table docs/reference/interop.md"
    )
