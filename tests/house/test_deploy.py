"""What lies in deploy/ holds: units verify, each panel's metric exists, paths in the files are those of the guides."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROCESS_METRICS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "up"}


def told_metrics() -> set[str]:
    """Names of the metrics that the code declares."""
    declared = re.compile(r'\b(?:Counter|Gauge|Histogram|GaugeMetricFamily)\(\s*"(fengtai_[a-z_]+)"(?s:.{0,200})')
    found = set()
    for path in (ROOT / "src/fengtai").rglob("*.py"):
        text = path.read_text()
        for match in declared.finditer(text):
            counter = text[match.start() :].startswith("Counter")
            name = match[1].removesuffix("_total")
            found.add(f"{name}_total" if counter else match[1])
    return found


def told_figures() -> str:
    """All text in which figures are named: they are made of pieces (`media.{name}`, `signals_waiting_{lane}`)."""
    return "\n".join(path.read_text() for path in (ROOT / "src/fengtai").rglob("*.py"))


def expressions() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana/fengtai.json").read_text())
    alerts = re.findall(r"expr: (.*)", (DEPLOY / "prometheus/alerts.yml").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]] + alerts


@pytest.mark.parametrize("expression", expressions())
def test_every_panel_and_alert_asks_for_a_metric_that_there_is(expression: str):
    names = set(re.findall(r"\b((?:fengtai|process)_[a-z_]+|up)\b(?=[{\[( =]|$)", expression))
    assert names
    assert names - told_metrics() - PROCESS_METRICS == set()


def test_every_figure_that_a_panel_names_is_shown_by_the_code():
    code = told_figures()
    asked = set(re.findall(r'name=~?"([^"]+)"', "\n".join(expressions())))
    figures = {figure for pattern in asked for figure in pattern.split("|")}
    assert figures
    for figure in figures:
        stem = figure.replace(".*", "").rsplit(".", 1)[-1]
        stem = re.sub(r"_urgent_s$", "", stem)
        assert stem.rstrip("_") in code, figure


def test_panels_have_places_of_their_own():
    panels = json.loads((DEPLOY / "grafana/fengtai.json").read_text())["panels"]
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels) > 10


def test_the_units_verify():
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in sorted((DEPLOY / "systemd").glob("fengtai*.*")):
        ran = subprocess.run([tool, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
        # That /opt/fengtai is not there on the machine of the tests is no fault of the unit.
        lines = [line for line in ran.stderr.splitlines() if "fengtai" in line and "is not executable" not in line]
        assert [line for line in lines if unit.name in line] == []


def test_the_container_file_copies_what_is_there_and_runs_as_nobody_special():
    text = (DEPLOY / "Containerfile").read_text()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    assert re.search(r"^USER 10001$", text, re.M)
    assert "--require-hashes -r requirements.lock" in text


def test_the_backup_script_is_sound():
    subprocess.run(["/bin/bash", "-n", DEPLOY / "systemd/backup.sh"], check=True)
