"""The same values render the same objects, and pods roll when what they were told has changed, and only then."""

import re
import shutil
from pathlib import Path

import pytest
from rendering import CHARTS, Renderer, Values, ci_values, nested, parse, pods, template
from toggles import EXISTING, INLINE, OWN

PRODUCTION = {**OWN, **EXISTING}
LAPTOP = {**OWN, **INLINE, "environment": "development", "secrets.provider": "inline"}
# Functions of Helm that answer differently each time or on each machine, and what differs between install and upgrade.
CHANGING = re.compile(r"(?<![$.\w])(?:now|date|rand\w*|uuidv4|lookup|gen[A-Z]\w+|htpasswd|bcrypt|env|expandenv)\b")
OCCASIONAL = re.compile(r"\.Release\.(?:Revision|IsInstall|IsUpgrade)|\.Capabilities\.")
QUOTED = re.compile(r'"[^"\n]*"|`[^`]*`|/\*.*?\*/', re.DOTALL)
TEMPLATES = sorted(path for path in CHARTS.glob("*/templates/**/*") if path.is_file())


@pytest.mark.parametrize("values", ci_values("api").values(), ids=ci_values("api").keys())
def test_twice_the_same(values: Values) -> None:
    assert template(values) == template(values)


def test_no_template_asks_the_clock_a_die_or_the_cluster() -> None:
    for path in TEMPLATES:
        code = " ".join(re.findall(r"{{(.*?)}}", QUOTED.sub("", path.read_text()), re.DOTALL))
        assert CHANGING.findall(code) + OCCASIONAL.findall(code) == [], path


@pytest.mark.parametrize("mode", ["hook", "init"])
def test_a_new_version_of_the_chart_rolls_no_pod(tmp_path: Path, mode: str) -> None:
    values = nested({**LAPTOP, "migrations.mode": mode})
    newer = shutil.copytree(CHARTS / "api", tmp_path / "api")
    declaration = newer / "Chart.yaml"
    declaration.write_text(re.sub(r"(?m)^version: .*$", "version: 9.9.9", declaration.read_text()))

    before, after = parse(template(values)), parse(template(values, newer))

    assert [pod.owner["spec"] for pod in pods(before)] == [pod.owner["spec"] for pod in pods(after)]
    assert [pod.owner["metadata"]["name"] for pod in pods(before)] == [pod.name.split()[1] for pod in pods(after)]
    assert "9.9.9" in str(after)


@pytest.mark.parametrize(
    ("values", "key", "changed"),
    [
        (PRODUCTION, "config.logLevel", "DEBUG"),
        (PRODUCTION, "config.throttle.anon", "61/min"),
        (PRODUCTION, "secrets.revision", "2"),
        (PRODUCTION, "api.docs.enabled", True),
        (PRODUCTION, "gateway.hostnames", ["new.example.com"]),
        (LAPTOP, "secrets.inline.secretKey", "another"),
        (LAPTOP, "secrets.inline.redisUrl", "redis://another"),
    ],
)
def test_what_pods_are_told_rolls_them(render: Renderer, values: Values, key: str, changed: object) -> None:
    gateway = {"gateway.enabled": True, "gateway.parentRefs": [{"name": "shared"}], "gateway.hostnames": ["a.example"]}
    start = {**gateway, **values}

    before, after = render(nested(start)), render(nested({**start, key: changed}))

    assert [pod.metadata["annotations"] for pod in pods(before)] != [pod.metadata["annotations"] for pod in pods(after)]
    assert all(one.metadata != other.metadata for one, other in zip(pods(before), pods(after), strict=True))


def test_a_number_of_pods_rolls_none(render: Renderer) -> None:
    before, after = (render(nested(PRODUCTION)), render(nested({**PRODUCTION, "api.replicas": 5})))

    assert [pod.metadata for pod in pods(before)] == [pod.metadata for pod in pods(after)]
