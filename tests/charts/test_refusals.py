"""Values that contradict each other are refused in sentences, before anything is installed."""

import json
import re
from functools import cache

import pytest
from rendering import CHARTS, RELEASE, Refused, Renderer, nested, template
from service import variables_read
from toggles import EXISTING, EXTERNAL, GATEWAY, INGRESS, INLINE, MANAGED_TLS, OWN, S3

# In one process, so that no message is asked for twice.
pytestmark = pytest.mark.xdist_group("refusals")

PRODUCTION = {**OWN, **EXISTING}
OPERATOR = {**OWN, **EXTERNAL, "secrets.provider": "externalSecret"}
LAPTOP = {**OWN, **INLINE, "secrets.provider": "inline", "environment": "development"}
SCALED = {**PRODUCTION, "api.autoscaling.enabled": True}
STORED = {**S3, "storage.s3.endpoint": "https://storage.example.com"}

LABEL = {"app.kubernetes.io/name": "other"}
VARIABLE = {"name": "TZ", "value": "UTC"}
# No value of the chart's, but Helm's own argument.
THE_RELEASE = "the release's name"

# (good values, what is changed, what the reader is told)
REFUSED = [
    (PRODUCTION, {"config.publicUrl": ""}, "config.publicUrl is empty: set it to the address that customers use"),
    (PRODUCTION, {"config.publicUrl": "http://a.example"}, "config.publicUrl is http://a.example: in production"),
    (PRODUCTION, {"config.publicUrl": "https://a.example/"}, "config.publicUrl is https://a.example/: leave out"),
    (PRODUCTION, {THE_RELEASE: "1.shop"}, "The release's objects would be called 1.shop-api: a Service begins with"),
    (
        {**PRODUCTION, "image.repository": "mirror:5000/shop/api"},
        {"image.repository": "mirror:5000/shop/api:1.2"},
        "image.repository is mirror:5000/shop/api:1.2: name its tag in image.tag",
    ),
    (LAPTOP, {"environment": "production"}, "secrets.provider is inline: production takes"),
    (PRODUCTION, {"demo.enabled": True}, "demo.enabled is true"),
    (PRODUCTION, {"image.tag": "latest"}, "image.tag is latest"),
    ({**PRODUCTION, **STORED}, {"storage.s3.endpoint": "http://store"}, "storage.s3.endpoint is http://store"),
    (PRODUCTION, {"api.docs.env_var": "DOCS"}, "api.docs.env_var is DOCS: the service reads API_DOCS_ENABLED"),
    (PRODUCTION, {"fullnameOverride": "null"}, "The release's objects would be called null: a Service begins with"),
    (
        PRODUCTION,
        {"config.publicUrl": "https://localhost"},
        "config.publicUrl is https://localhost: nobody else reaches",
    ),
    (PRODUCTION, {"config.allowedHosts": ["*"]}, "config.allowedHosts holds *: in production name each host"),
    (
        {**PRODUCTION, "config.corsAllowedOrigins": ["https://shop.example"]},
        {"config.corsAllowedOrigins": ["http://shop.example"]},
        "config.corsAllowedOrigins holds http://shop.example: in production origins begin with https://",
    ),
    (
        PRODUCTION,
        {"pods.annotations": {"checksum/config": "x"}},
        "pods.annotations holds checksum/config, by which the",
    ),
    (PRODUCTION, {"commonAnnotations": {"helm.sh/hook": "post-delete"}}, "commonAnnotations holds helm.sh/hook: Helm"),
    (PRODUCTION, {"commonLabels": LABEL}, "commonLabels holds app.kubernetes.io/name: pods are selected by it"),
    (PRODUCTION, {"pods.labels": LABEL}, "pods.labels holds app.kubernetes.io/name"),
    (PRODUCTION, {"api.podLabels": LABEL}, "api.podLabels holds app.kubernetes.io/name"),
    (PRODUCTION, {"commonLabels": {"helm.sh/chart": "other"}}, "commonLabels holds helm.sh/chart, which the chart"),
    (PRODUCTION, {"api.service.labels": LABEL}, "api.service.labels holds app.kubernetes.io/name: pods are"),
    (PRODUCTION, {"config.throttle.auth": "off"}, "config.throttle.auth is off: in production every limit holds"),
    (PRODUCTION, {"config.refreshTokenSeconds": 900}, "config.refreshTokenSeconds (900) is less than"),
    (PRODUCTION, {"extraEnv": [{"name": "ENVIRONMENT", "value": "test"}]}, "extraEnv sets ENVIRONMENT, which the"),
    (PRODUCTION, {"extraEnv": [{"name": "DATABASE_URL"}]}, "extraEnv sets DATABASE_URL, which the chart sets itself"),
    (PRODUCTION, {"api.extraEnv": [{"name": "SECRET_KEY_FILE"}]}, "api.extraEnv sets SECRET_KEY_FILE, which the chart"),
    (PRODUCTION, {"api.extraEnv": [{"name": "WEB_THREADS"}]}, "api.extraEnv sets WEB_THREADS, which the chart sets"),
    (
        PRODUCTION,
        {"extraEnv": [{"name": "TLS_CLIENT_AUTH", "value": "require"}]},
        "extraEnv sets TLS_CLIENT_AUTH, which",
    ),
    (PRODUCTION, {"extraEnv": [{"name": "REDIS_CA_FILE", "value": "/ca.crt"}]}, "extraEnv sets REDIS_CA_FILE, which"),
    (
        {**PRODUCTION, "extraEnv": [VARIABLE]},
        {"api.extraEnv": [VARIABLE]},
        "extraEnv and api.extraEnv name TZ more than once",
    ),
    (PRODUCTION, {"secrets.existing.name": ""}, "secrets.existing.name is empty"),
    (PRODUCTION, {"secrets.existing.ownerName": ""}, "secrets.existing.ownerName is empty"),
    (PRODUCTION, {"secrets.existing.ownerName": "external-secrets"}, "secrets.existing.ownerName is the same Secret"),
    (OPERATOR, {"secrets.externalSecret.storeName": ""}, "secrets.externalSecret.storeName is empty"),
    (OPERATOR, {"secrets.externalSecret.entry": ""}, "secrets.externalSecret.entry is empty"),
    (OPERATOR, {"secrets.externalSecret.ownerEntry": ""}, "secrets.externalSecret.ownerEntry is empty"),
    (LAPTOP, {"secrets.inline.secretKey": ""}, "secrets.inline.secretKey is empty"),
    (LAPTOP, {"secrets.inline.redisUrl": ""}, "secrets.inline.redisUrl is empty"),
    (LAPTOP, {"secrets.inline.databaseOwnerUrl": ""}, "secrets.inline.databaseOwnerUrl is empty"),
    (LAPTOP, {"secrets.inline.jwtSigningKey": "short"}, "secrets.inline.jwtSigningKey has a part of fewer than 32"),
    (
        LAPTOP,
        {"secrets.inline.jwtSigningKey": "k" * 40 + ","},
        "secrets.inline.jwtSigningKey has a part of fewer than 32",
    ),
    (
        PRODUCTION,
        {"secrets.inline.redisUrl": "redis://redis"},
        "secrets.inline.redisUrl is set, but secrets.provider is",
    ),
    (
        {**LAPTOP, "redis.ca.secretName": "external-redis"},
        {"secrets.inline.redisUrl": "redis://redis"},
        "secrets.inline.redisUrl does not begin with rediss://",
    ),
    (PRODUCTION, {"migrations.activeDeadlineSeconds": 5}, "migrations.activeDeadlineSeconds (5) is not longer than"),
    ({**PRODUCTION, **GATEWAY}, {"gateway.parentRefs": []}, "gateway.parentRefs is empty"),
    ({**PRODUCTION, **GATEWAY}, {"gateway.hostnames": []}, "gateway.hostnames is empty"),
    ({**PRODUCTION, **GATEWAY}, {"gateway.requestTimeout": "0s"}, "gateway.requestTimeout is 0s, which is none at all"),
    ({**PRODUCTION, **GATEWAY}, {"config.trustedProxyCount": 0}, "config.trustedProxyCount is 0, but gateway.enabled"),
    (
        {**PRODUCTION, **GATEWAY, "gateway.redirect.enabled": True, "gateway.redirect.parentRefs": [{"name": "plain"}]},
        {"gateway.redirect.parentRefs": GATEWAY["gateway.parentRefs"]},
        "gateway.redirect.parentRefs is the same as gateway.parentRefs",
    ),
    ({**PRODUCTION, **GATEWAY}, {"gateway.redirect.enabled": True}, "gateway.redirect.parentRefs is empty"),
    (
        {**PRODUCTION, **GATEWAY, "gateway.requestTimeout": "24s1000ms"},
        {"gateway.requestTimeout": "1m"},
        "gateway.requestTimeout is 1m, but api.shutdown.drainSeconds is 25: a rollout would cut off",
    ),
    (
        {**PRODUCTION, **GATEWAY, **MANAGED_TLS},
        {"gateway.backendTLS.caName": ""},
        "gateway.backendTLS.caName is empty, though tls.mode is certManager",
    ),
    ({**PRODUCTION, **INGRESS}, {"ingress.hosts": []}, "ingress.hosts is empty"),
    (PRODUCTION, {"api.service.nodePort": 30080}, "api.service.nodePort is set, but api.service.type is ClusterIP"),
    (PRODUCTION, {"api.service.loadBalancerClass": "inner"}, "api.service.loadBalancerClass is set, but"),
    (PRODUCTION, {"pods.dnsPolicy": "None"}, "pods.dnsPolicy is None, but pods.dnsConfig has no nameservers"),
    (PRODUCTION, {"api.docs.exposure": "public"}, "api.docs.exposure is public, but api.docs.enabled is false"),
    (PRODUCTION, {"tls.mode": "existing"}, "tls.secretName is empty"),
    (PRODUCTION, {"tls.mode": "certManager"}, "tls.certManager.issuerName is empty"),
    (PRODUCTION, {"tls.secretName": "served"}, "tls.secretName is served, but tls.mode is none: set it to existing"),
    (PRODUCTION, {"tls.certManager.issuerName": "shop"}, "tls.certManager.issuerName is shop, but tls.mode is none"),
    (
        PRODUCTION,
        {"tls.certManager.duration": "59m"},
        "tls.certManager.duration is 59m: cert-manager issues for an hour",
    ),
    (PRODUCTION, {"tls.certManager.renewBefore": "299s"}, "tls.certManager.renewBefore is 299s: cert-manager asks for"),
    (
        {**PRODUCTION, "tls.certManager.duration": "720h1ms"},
        {"tls.certManager.duration": "720h"},
        "tls.certManager.renewBefore (720h) is not less than tls.certManager.duration (720h)",
    ),
    (PRODUCTION, {"tls.clientAuth": "require"}, "tls.clientAuth is require, but with tls.mode none"),
    (
        {**PRODUCTION, "tls.mode": "existing", "tls.secretName": "served"},
        {"api.server": "granian"},
        "api.server is granian, but with tls.mode existing the pods serve TLS themselves",
    ),
    (PRODUCTION, {"tls.clientNames": ["gateway"]}, "tls.clientNames is set, but tls.clientAuth is none"),
    (
        {**PRODUCTION, "database.ca.secretName": "external-database", "database.clientCertificate": "external-client"},
        {"database.ca.secretName": ""},
        "database.ca.secretName is empty, though database.clientCertificate is external-client",
    ),
    (
        {**PRODUCTION, "database.ca.system": True},
        {"database.ca.secretName": "external-database"},
        "database.ca.system is true, but database.ca.secretName is external-database",
    ),
    (SCALED, {"api.autoscaling.minReplicas": 11}, "api.autoscaling.minReplicas (11) is more than"),
    (SCALED, {"api.autoscaling.cpuPercent": 0}, "api.autoscaling has neither cpuPercent nor memoryPercent nor metrics"),
    (SCALED, {"api.resources.requests": {"cpu": None}}, "api.autoscaling.cpuPercent is a share of"),
    (
        {**SCALED, "api.autoscaling.memoryPercent": 80},
        {"api.resources.requests": {"memory": None}},
        "api.autoscaling.memoryPercent is a share of",
    ),
    (
        PRODUCTION,
        {"api.minReadySeconds": 300},
        "api.progressDeadlineSeconds (300) is not more than api.minReadySeconds (300)",
    ),
    (PRODUCTION, {"api.args": ["--workers"]}, "api.args begins with --workers, but the image has no entrypoint"),
    (PRODUCTION, {"api.pdb.minAvailable": 1}, "api.pdb has both minAvailable and maxUnavailable"),
    (PRODUCTION, {"api.pdb.maxUnavailable": ""}, "api.pdb has neither minAvailable nor maxUnavailable"),
    (
        {**PRODUCTION, "api.pdb.maxUnavailable": "", "api.pdb.minAvailable": 1},
        {"api.pdb.minAvailable": 2},
        "api.pdb.minAvailable (2) is not less than the number of pods (2)",
    ),
    (
        {**PRODUCTION, "api.pdb.maxUnavailable": None, "api.pdb.minAvailable": "50%"},
        {"api.pdb.minAvailable": "99%"},
        "api.pdb.minAvailable (99%) is not less than the number of pods (2)",
    ),
    (PRODUCTION, {"api.pdb.maxUnavailable": "0%"}, "api.pdb.maxUnavailable is 0%: no node could ever be drained"),
    (
        {**PRODUCTION, "api.resources.limits.memory": "1G"},
        {"api.resources.requests.memory": "1Gi"},
        "api.resources.requests.memory (1Gi) is more than api.resources.limits.memory (1G): raise the limit",
    ),
    (
        {**PRODUCTION, "migrations.resources.requests.cpu": "1000m"},
        {"migrations.resources.requests.cpu": 1.5},
        "migrations.resources.requests.cpu (1.5) is more than migrations.resources.limits.cpu (1)",
    ),
    ({**PRODUCTION, **S3}, {"storage.s3.bucket": ""}, "storage.s3.bucket is empty"),
    (
        {**PRODUCTION, **S3, "storage.s3.endpoint": "https://store.example.com:9000", "storage.s3.network.port": 9000},
        {"storage.s3.network.port": 443},
        "storage.s3.network.port is 443, but storage.s3.endpoint is https://store.example.com:9000: set it to 9000",
    ),
    (PRODUCTION, {"metrics.port": 8000}, "metrics.port is 8000, like the API's own port"),
    (PRODUCTION, {"api.service.port": 9000}, "metrics.port is 9000, like api.service.port"),
    ({**PRODUCTION, **S3}, {"storage.s3.region": ""}, "storage.s3.region is empty"),
    ({**LAPTOP, **S3}, {"secrets.inline.s3AccessKeyId": ""}, "secrets.inline.s3AccessKeyId or s3SecretAccessKey"),
    (
        {**PRODUCTION, "metrics.serviceMonitor.scrapeTimeout": "30s", "metrics.serviceMonitor.interval": "1d"},
        {"metrics.serviceMonitor.interval": "29s"},
        "metrics.serviceMonitor.scrapeTimeout (30s) is longer than metrics.serviceMonitor.interval (29s)",
    ),
    (
        {**PRODUCTION, "metrics.serviceMonitor.enabled": True},
        {"metrics.enabled": False},
        "metrics.serviceMonitor, prometheusRule or dashboards is enabled, but metrics.enabled is false",
    ),
]


@pytest.mark.parametrize(("good", "change", "sentence"), REFUSED, ids=[sentence for *_, sentence in REFUSED])
def test_a_contradiction_is_refused(good: dict, change: dict, sentence: str) -> None:
    assert sentence in message_of({**good, **change})


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_without_it_the_same_values_are_taken(render: Renderer, number: int) -> None:
    good, _, _ = REFUSED[number]

    assert render(nested(good))


def test_every_sentence_of_the_template_was_provoked() -> None:
    told = [
        line.removeprefix("  - ") for good, change, _ in REFUSED for line in message_of({**good, **change}).split("\n")
    ]

    untold = [sentence.pattern for sentence in sentences() if not any(map(sentence.fullmatch, told))]

    assert len(sentences()) > 30
    assert untold == []


def test_no_variable_of_the_services_own_slips_in() -> None:
    message = message_of({**PRODUCTION, "extraEnv": [{"name": name, "value": ""} for name in sorted(variables_read())]})

    assert len(variables_read()) > 30
    assert [
        name for name in variables_read() if f"extraEnv sets {name}, which the chart sets itself" not in message
    ] == []


def test_everything_wrong_is_told_at_once() -> None:
    message = message_of({"config.publicUrl": "http://a.example", "demo.enabled": True})

    assert "These values can't be installed:" in message
    assert all(text in message for text in ("config.publicUrl is", "demo.enabled is", "secrets.existing.name is"))


@pytest.mark.parametrize(
    ("flat", "sentence"),
    [
        ({"environment": "production"}, "environment is production: this chart's passwords are published"),
        ({"api.ownerSecretName": "slipway"}, "api.ownerSecretName is the same as api.secretName (slipway)"),
        ({"tls.enabled": True}, "tls.issuerName is empty: name the Issuer"),
    ],
)
def test_the_backing_services_are_for_laptops(flat: dict, sentence: str) -> None:
    with pytest.raises(Refused, match=re.escape(sentence)):
        template(nested(flat), CHARTS / "dev-deps")


def message_of(flat: dict) -> str:
    values = {key: value for key, value in flat.items() if key != THE_RELEASE}
    return refusal(json.dumps(nested(values)), flat.get(THE_RELEASE, RELEASE))


@cache
def refusal(values: str, release: str) -> str:
    with pytest.raises(Refused) as caught:
        template(json.loads(values), release=release)
    return str(caught.value)


def sentences() -> list[re.Pattern[str]]:
    """Every sentence in the template, with anything in the place of values."""
    lines = (CHARTS / "api/templates/_validate.tpl").read_text().splitlines()
    return [pattern(line) for line in lines if line and not line.startswith(("{{-", "{{/*", "{{ include"))]


def pattern(line: str) -> re.Pattern[str]:
    words = re.split(r"({{.*?}})", line)
    return re.compile("".join(".*" if word.startswith("{{") else re.escape(word) for word in words))
