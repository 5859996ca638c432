"""The toggles of charts/api with all their positions, and the combinations that are rendered."""

from itertools import combinations, product

from rendering import Values, nested

Case = dict[str, str]

# Whatever is named external-… exists before the release; every other name must be rendered.
OWN = {"config.publicUrl": "https://api.example.com"}
INLINE = {
    "secrets.inline.secretKey": "hidden-secret-key",
    "secrets.inline.secretKeyFallbacks": "hidden-fallback",
    "secrets.inline.jwtSigningKey": "hidden-signing-key-of-32-bytes-or-more",
    "secrets.inline.databaseUrl": "postgres://app:hidden-runtime@db/slipway",
    "secrets.inline.databaseOwnerUrl": "postgres://owner:hidden-owner@db/slipway",
    "secrets.inline.redisUrl": "rediss://:hidden-redis@redis",
    "secrets.inline.s3AccessKeyId": "hidden-access",
    "secrets.inline.s3SecretAccessKey": "hidden-storage",
}
EXISTING = {"secrets.existing.name": "external-secrets", "secrets.existing.ownerName": "external-owner"}
EXTERNAL = {
    "secrets.externalSecret.storeName": "vault",
    "secrets.externalSecret.entry": "service",
    "secrets.externalSecret.ownerEntry": "owner",
}
S3 = {"storage.s3.enabled": True, "storage.s3.bucket": "files", "storage.s3.region": "eu-central-1"}
GATEWAY = {
    "gateway.enabled": True,
    "gateway.parentRefs": [{"name": "shared", "namespace": "gateway-system"}],
    "gateway.hostnames": ["api.example.com"],
    "gateway.backendTLS.caName": "external-authority",
}
INGRESS = {"ingress.enabled": True, "ingress.hosts": ["api.example.com", "api.example.org"]}
EXISTING_TLS = {"tls.mode": "existing", "tls.secretName": "external-tls"}
MANAGED_TLS = {"tls.mode": "certManager", "tls.certManager.issuerName": "shop"}
CLIENTS = {"tls.clientCa.secretName": "external-clients", "tls.clientNames": ["gateway"]}
MONITORS = {f"metrics.{name}.enabled": True for name in ("serviceMonitor", "prometheusRule", "dashboards")}

TOGGLES: dict[str, dict[str, Values]] = {
    "docs": {
        "off": {},
        "internal": {"api.docs.enabled": True},
        "public": {"api.docs.enabled": True, "api.docs.exposure": "public"},
    },
    "storage": {
        "off": {},
        "keys": {**S3, "storage.s3.ca.secretName": "external-storage"},
        "identity": {**S3, "storage.s3.auth": "identity"},
    },
    "secrets": {
        "existing": EXISTING,
        "externalSecret": {**EXTERNAL, "secrets.provider": "externalSecret"},
        "inline": {**INLINE, "secrets.provider": "inline"},
    },
    "migrations": {mode: {"migrations.mode": mode} for mode in ("hook", "init", "off")},
    "gateway": {
        "off": {},
        "on": GATEWAY,
        "redirect": {**GATEWAY, "gateway.redirect.enabled": True, "gateway.redirect.parentRefs": [{"name": "plain"}]},
    },
    "ingress": {
        "off": {},
        "on": INGRESS,
        "tls": {**INGRESS, "ingress.tls": [{"hosts": ["api.example.com"], "secretName": "external-ingress"}]},
    },
    "tls": {
        "none": {},
        "mesh": {"tls.mode": "mesh"},
        "existing": EXISTING_TLS,
        "existing-request": {**EXISTING_TLS, "tls.clientAuth": "request"},
        "existing-require": {**EXISTING_TLS, **CLIENTS, "tls.clientAuth": "require"},
        "managed": MANAGED_TLS,
        "managed-request": {**MANAGED_TLS, **CLIENTS, "tls.clientAuth": "request"},
        "managed-require": {**MANAGED_TLS, "tls.clientAuth": "require"},
    },
    "policies": {"on": {}, "off": {"networkPolicy.enabled": False}},
    "metrics": {"on": {}, "off": {"metrics.enabled": False}, "watched": MONITORS},
    "scaling": {
        "off": {},
        "cpu": {"api.autoscaling.enabled": True},
        "memory": {
            "api.autoscaling.enabled": True,
            "api.autoscaling.cpuPercent": 0,
            "api.autoscaling.memoryPercent": 80,
        },
    },
    "budget": {
        "most": {},
        "off": {"api.pdb.enabled": False},
        "least": {"api.pdb.maxUnavailable": "", "api.pdb.minAvailable": 1},
    },
    "demo": {"off": {}, "on": {"demo.enabled": True}},
    "tests": {"on": {}, "off": {"tests.enabled": False}, "login": {"tests.loginSecret": "external-login"}},
    "account": {
        "made": {},
        "named": {"serviceAccount.name": "robot"},
        "foreign": {"serviceAccount.create": False, "serviceAccount.name": "external-robot"},
        "default": {"serviceAccount.create": False},
    },
    "database": {
        "plain": {},
        "verified": {"database.ca.secretName": "external-database"},
        "public": {"database.ca.system": True},
        "mutual": {"database.ca.secretName": "external-database", "database.clientCertificate": "external-client"},
    },
    "redis": {
        "plain": {},
        "mutual": {"redis.ca.secretName": "external-redis", "redis.clientCertificate": "external-client"},
    },
    "rotation": {"off": {}, "on": {"secrets.withFallbacks": True, "secrets.reloader": True, "secrets.revision": "2"}},
    "names": {"release": {}, "full": {"fullnameOverride": "harbour"}, "chart": {"nameOverride": "harbour"}},
}
# What bears on each other closely enough to be rendered in every combination.
PRODUCTS = (("secrets", "migrations", "account"), ("docs", "gateway", "ingress"), ("tls", "gateway"))


def values_of(case: Case) -> Values:
    """The values of a combination; what is not named stands in its first position."""
    flat = dict(OWN)
    for toggle, positions in TOGGLES.items():
        flat |= positions[case.get(toggle, next(iter(positions)))]
    if case.get("demo") == "on" or case.get("secrets") == "inline":
        flat["environment"] = "development"
    return nested(flat)


def pairwise() -> list[Case]:
    """Combinations in which each position of each toggle meets each of every other one."""
    missing = {
        frozenset([(first, one), (second, other)])
        for first, second in combinations(TOGGLES, 2)
        for one, other in product(TOGGLES[first], TOGGLES[second])
    }
    cases = []
    while missing:
        case: Case = dict(min(sorted(pair) for pair in missing))
        for toggle in sorted(TOGGLES, key=lambda name: (-len(TOGGLES[name]), name)):
            if toggle not in case:
                case[toggle] = most_useful(toggle, case, missing)
        missing -= {frozenset(pair) for pair in combinations(case.items(), 2)}
        cases.append(case)
    return cases


def most_useful(toggle: str, case: Case, missing: set[frozenset[tuple[str, str]]]) -> str:
    """The position that brings about the most pairs that no combination has yet."""

    def new_pairs(position: str) -> int:
        return sum(frozenset([(toggle, position), other]) in missing for other in case.items())

    return max(TOGGLES[toggle], key=new_pairs)


def products() -> list[Case]:
    """Every combination of the toggles that bear on each other."""
    return [
        dict(zip(toggles, positions, strict=True))
        for toggles in PRODUCTS
        for positions in product(*(TOGGLES[toggle] for toggle in toggles))
    ]


def label(case: Case) -> str:
    """The positions that differ from the first."""
    changed = [f"{toggle}={position}" for toggle, position in case.items() if position != next(iter(TOGGLES[toggle]))]
    return ",".join(sorted(changed)) or "defaults"


CASES = {label(case): values_of(case) for case in [*products(), *pairwise()]}
PAIRWISE = [values_of(case) for case in pairwise()]
