"""Alerts and dashboards ask for metrics that the service exports, in queries that Prometheus can read."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rendering import CHARTS, NAMESPACE, Renderer, nested, of_kind
from service import metrics_exported
from toggles import EXISTING, MONITORS, OWN

QUERY = re.compile(r"([a-z_:][a-z0-9_:]*)\s*{")
# What promtool is asked, and the release that it is asked about.
SPELLS = yaml.safe_load(Path(__file__).with_name("alerts.yaml").read_text())["tests"]
OF_RELEASE = 'namespace="shop",service="api"'
DASHBOARDS = sorted((CHARTS / "api/dashboards").glob("*.json"))


@pytest.fixture
def alerts(render: Renderer) -> list[dict]:
    (rule,) = of_kind(render(nested({**OWN, **EXISTING, **MONITORS})), "PrometheusRule")
    return [alert for group in rule["spec"]["groups"] for alert in group["rules"]]


@pytest.fixture
def queries(alerts: list[dict]) -> list[str]:
    panels = [panel for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    return [alert["expr"] for alert in alerts] + [query.replace("$__rate_interval", "5m") for query in asked]


def test_the_service_exports_every_metric_that_is_asked_for(queries: list[str]) -> None:
    asked = {name for query in queries for name in QUERY.findall(query)}

    assert asked - metrics_exported() == set()
    assert all(map(QUERY.search, queries))


def test_prometheus_can_read_every_query(queries: list[str], tool: Callable[[str], Path]) -> None:
    command = [str(tool("python/bin/python")), str(Path(__file__).with_name("promql.py"))]

    done = subprocess.run(command, input=json.dumps(queries), capture_output=True, text=True)

    assert not done.returncode, done.stderr
    assert [set(names) for names in json.loads(done.stdout)] == [{*QUERY.findall(query)} for query in queries]


def test_an_alert_speaks_of_its_own_release(alerts: list[dict]) -> None:
    for alert in alerts:
        selectors = re.findall(r"{([^{}]*)}", alert["expr"])
        assert selectors
        assert all(f'namespace="{NAMESPACE}",service="shop-api"' in each for each in selectors), alert["alert"]


def test_an_alert_says_how_bad_it_is_and_what_it_means(alerts: list[dict]) -> None:
    for alert in alerts:
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert all(alert["annotations"][key].endswith(".") for key in ("summary", "description"))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent(alerts: list[dict]) -> None:
    cases = {True: set(), False: set()}
    for spell in SPELLS:
        asked = spell["alert_rule_test"]
        cases[any(case["exp_alerts"] for case in asked)] |= {case["alertname"] for case in asked}

    names = {alert["alert"] for alert in alerts}
    assert cases == {True: names, False: names}


def test_no_alert_is_silent_for_want_of_its_metrics(alerts: list[dict]) -> None:
    queries = {alert["alert"]: alert["expr"] for alert in alerts}
    for spell in SPELLS:
        own = {each["series"].partition("{")[0] for each in spell["input_series"] if OF_RELEASE in each["series"]}
        for case in spell["alert_rule_test"]:
            assert {*QUERY.findall(queries[case["alertname"]])} <= own, spell["name"]


def test_every_metric_of_the_service_is_on_a_dashboard(queries: list[str]) -> None:
    asked = {re.sub("_bucket$", "", name) for query in queries for name in QUERY.findall(query)}
    own = re.findall(
        r'(?:Counter|Gauge|Histogram)\(\s*"(\w+)"', (CHARTS.parent / "packages/api/contract/metrics.py").read_text()
    )

    assert own
    assert {*own} - asked == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_can_be_found_and_read(path: Path) -> None:
    dashboard = json.loads(path.read_text())

    panels = dashboard["panels"]
    assert dashboard["uid"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
