"""Every value is described, once, in words that the schema shares; the schema refuses what can't be meant."""

import re

import pytest
from descriptions import comments, described, leaves, schema, values
from rendering import CHARTS, Refused, helm, nested, template
from toggles import EXISTING, OWN

CHART = ["api", "dev-deps"]
GOOD = {"api": {**OWN, **EXISTING}, "dev-deps": {}}
UNTHINKABLE = {
    "global.imageRegistry": "https://registry.example.com",
    "fullnameOverride": "1.shop",
    "environment": "staging",
    "image.repository": "Shop/API/",
    "image.tag": "-1",
    "image.digest": "sha256:abc",
    "image.pullPolicy": "Sometimes",
    "config.publicUrl": "https://user@api.example.com",
    "config.allowedHosts": ["api.example.com:443"],
    "config.corsAllowedOrigins": ["https://*.example.com"],
    "config.csrfTrustedOrigins": ["https://a.example\n"],
    "config.accessTokenSeconds": 10**14,
    "config.trustedProxyCount": -1,
    "config.logLevel": "verbose",
    "config.maxBodyBytes": 10,
    "config.throttle.anon": "60 per minute",
    "config.throttle.auth": "0/min",
    "secrets.provider": "vault",
    "secrets.externalSecret.refreshInterval": "hourly",
    "secrets.inline.databaseUrl": "mysql://db",
    "secrets.inline.redisUrl": "http://redis",
    "database.ca.key": "certificates/ca.crt",
    "database.network.port": 70000,
    "database.network.cidrs": ["10.0.0.1"],
    "database.network.namespace": "data.base",
    "redis.network.cidrs": ["10.0.0/24"],
    "redis.network.podLabels": {"has a space": "yes"},
    "storage.s3.bucket": "My_Invoices",
    "storage.s3.network.cidrs": ["10.0.0.256/32"],
    "storage.s3.endpoint": "storage.example.com",
    "storage.s3.auth": "password",
    "api.processes": 0,
    "api.docs.exposure": "everyone",
    "api.shutdown.drainSeconds": 0,
    "api.maxSurge": 0,
    "api.autoscaling.minReplicas": 0,
    "api.pdb.minAvailable": "half",
    "api.resources.requests.memory": "512m",
    "api.resources.limits.ephemeral-storage": "512MB",
    "api.resources.limits.cpu": -1,
    "api.probes.liveness.periodSeconds": 0,
    "api.probes.startup.successThreshold": 2,
    "api.extraEnv": [{"name": "WORKERS", "value": 2}],
    "api.extraEnvFrom": [{"configMapRef": {}}],
    "api.extraVolumes": [{"name": "cache"}],
    "api.extraVolumeMounts": [{"name": "cache"}],
    "api.extraContainers": [{"name": "Proxy", "image": "proxy"}],
    "api.extraInitContainers": [{"name": "proxy", "image": ""}],
    "api.replicas": 10**15,
    "api.service.loadBalancerClass": "x\n  externalIPs: [192.0.2.1]",
    "api.autoscaling.metrics": [{"resource": "cpu"}],
    "api.autoscaling.behavior": {"scaleSideways": {}},
    "api.podLabels": {"owner": "Jane Doe"},
    "api.service.type": "ExternalName",
    "api.service.trafficDistribution": "Anywhere",
    "migrations.mode": "entrypoint",
    "migrations.backoffLimit": -1,
    "gateway.hostnames": ["API.example.com"],
    "gateway.parentRefs": [{"namespace": "gateway-system"}],
    "gateway.filters": [{"requestRedirect": {}}],
    "gateway.requestTimeout": "soon",
    "gateway.backendTLS.caKind": "Bundle",
    "ingress.hosts": ["api..example.com"],
    "ingress.tls": [{"secret": "shop"}],
    "networkPolicy.clients": [{"pods": {"app": "shop"}}],
    "networkPolicy.extraEgress": [{}],
    "networkPolicy.gatewayNamespace": "",
    "networkPolicy.dnsNamespace": "",
    "commonLabels": {"team": "a" * 64},
    "commonAnnotations": {"an/extra/slash": ""},
    "extraEnv": [{"name": "WORKERS", "valueFrom": {"secret": {}}}],
    "extraObjects": [{"metadata": {"name": "shop"}}],
    "tls.mode": "self-signed",
    "tls.clientAuth": "optional",
    "tls.clientNames": [""],
    "tls.certManager.duration": "90 days",
    "metrics.port": 80,
    "metrics.prometheusRule.errorRatio": 2,
    "metrics.prometheusRule.extraRules": [{"alert": "Slow"}],
    "metrics.serviceMonitor.relabelings": [{"source_labels": ["job"]}],
    "pods.affinity": {"antiAffinity": {}},
    "pods.dnsConfig": {"servers": ["10.0.0.10"]},
    "pods.hostAliases": [{"ip": "10.0.0.1"}],
    "pods.tolerations": [{"key": "gpu", "effect": "NoSchedul"}],
    "pods.topologySpreadConstraints": [{"topologyKey": "zone"}],
    "pods.userId": 0,
    "pods.temporarySize": "small",
}
# Null leaves these to Kubernetes, or to the platform.
MAY_BE_NULL = (
    "api.pdb",
    "api.resources",
    "api.probes",
    "migrations.resources",
    "pods.userId",
    "metrics.dashboards.labels",
)
# A value of another type than the one that is asked for.
WRONG = {"string": 7, "integer": "many", "number": "half", "boolean": "perhaps", "array": "one", "object": "thing"}


@pytest.mark.parametrize("chart", CHART)
def test_every_value_is_described(chart: str) -> None:
    described_above = comments(chart)

    bare = [
        key for key in leaves(values(chart)) if not any(f"{key}.".startswith(f"{name}.") for name in described_above)
    ]

    assert bare == []


@pytest.mark.parametrize("chart", CHART)
def test_the_schema_describes_it_in_the_same_words(chart: str) -> None:
    in_schema = {key: node["description"] for key, node in described(schema(chart))}
    above = comments(chart)

    assert {key: in_schema.get(key) for key in above} == above


@pytest.mark.parametrize("chart", CHART)
def test_the_schema_knows_no_value_that_is_not_there(chart: str) -> None:
    above = comments(chart)
    ends = {key for key, node in described(schema(chart)) if not node.get("properties")}

    free = {key for key in ends if any(key.startswith(f"{name}.") for name in above)}
    assert ends - free - above.keys() == set()


@pytest.mark.parametrize("chart", CHART)
def test_a_misspelt_value_is_refused_wherever_it_stands(chart: str) -> None:
    objects = [key for key, node in described(schema(chart)) if "properties" in node and key != "global"]
    flat = {**GOOD[chart], **{f"{key}.misspelt": 1 for key in objects}, "misspelt": 1}

    message = refusal(chart, flat)

    assert [key for key in objects if f"at '{pointer(key)}': additional properties 'misspelt'" not in message] == []
    assert "at '': additional properties 'misspelt' not allowed" in message


@pytest.mark.parametrize("chart", CHART)
def test_a_value_of_another_type_is_refused(chart: str) -> None:
    types = {key: node["type"] for key, node in described(schema(chart)) if "type" in node and "properties" not in node}

    message = refusal(chart, {**GOOD[chart], **{key: WRONG[kind] for key, kind in types.items()}})

    assert len(types) > 20
    assert [key for key in types if f"at '{pointer(key)}'" not in message] == []


def test_a_value_that_cannot_be_meant_is_refused_by_name() -> None:
    message = refusal("api", {**GOOD["api"], **UNTHINKABLE})

    assert [key for key in UNTHINKABLE if f"at '{pointer(key)}" not in message] == []


@pytest.mark.parametrize("chart", CHART)
def test_a_section_of_which_nothing_is_left_is_named(chart: str) -> None:
    sections = [key for key, node in described(schema(chart)) if "properties" in node]
    outermost = [key for key in sections if "." not in key]
    within = [key for key in sections if key.count(".") == 1]

    told = refusal(chart, dict.fromkeys(outermost)) + refusal(chart, {**GOOD[chart], **dict.fromkeys(within)})

    assert [key for key in [*outermost, *within] if not named_as_missing(key, told)] == []


@pytest.mark.parametrize("chart", CHART)
def test_a_value_of_which_nothing_is_left_is_named(chart: str) -> None:
    emptied = [key for key in leaves(values(chart)) if not key.startswith(MAY_BE_NULL)]

    message = refusal(chart, {**GOOD[chart], **dict.fromkeys(emptied)})

    assert len(emptied) > 30
    assert [key for key in emptied if not named_as_missing(key, message)] == []


def test_an_unknown_resource_is_refused_by_name() -> None:
    message = refusal("api", {**GOOD["api"], "api.resources.limits.mem": "512Mi"})

    assert "at '/api/resources/limits': additional properties 'mem' not allowed" in message
    assert template(nested({**GOOD["api"], "api.resources.limits": {"example.com/gpu": 1}}))


def test_what_all_charts_share_may_hold_more() -> None:
    assert template(nested({**GOOD["api"], "global.ofAnotherChart": True}))


def test_the_chart_is_whole_without_a_network() -> None:
    assert "$ref" not in str([schema(chart) for chart in CHART])
    assert not [path for chart in CHART for path in (CHARTS / chart).glob("charts/*")]


def refusal(chart: str, flat: dict) -> str:
    """What Helm says; the chart must not be rendered."""
    with pytest.raises(Refused) as caught:
        helm("template", "shop", str(CHARTS / chart), values=nested(flat))
    return str(caught.value)


def pointer(key: str) -> str:
    """As Helm names it."""
    return "/" + key.replace(".", "/")


def named_as_missing(key: str, message: str) -> bool:
    """Whether Helm says that this key is missing, alone or among others."""
    parent, _, name = key.rpartition(".")
    place = pointer(parent) if parent else ""
    return re.search(rf"at '{place}': missing [a-z]+ .*'{name}'", message) is not None
