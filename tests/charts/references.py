"""What objects say about each other. Each function yields a sentence for every reference that leads nowhere."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rendering import Object, Pod, hooks, of_kind, pods, weight

Sentences = Iterator[str]
COMPONENT = "app.kubernetes.io/component"
ISSUED_KEYS = {"tls.crt", "tls.key", "ca.crt"}
BEFORE = {"pre-install", "pre-upgrade"}


def problems(objects: list[Object], beside: list[Object] | None = None) -> list[str]:
    """Everything that is wrong between the objects of a release, and those of another that stands beside it."""
    checks = (duplicates, selectors, services, routes, scaling, monitors, mounts)
    found = [sentence for check in checks for sentence in check(objects)]
    found += policies(objects, [*objects, *(beside or [])])
    return found + [sentence for pod in pods(objects) for sentence in needs(pod, objects, beside or [])]


def exists_already(name: str) -> bool:
    """By the convention of these tests."""
    return name.startswith("external-")


def title(each: Object) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def duplicates(objects: list[Object]) -> Sentences:
    for name, count in Counter(map(title, objects)).items():
        if count > 1:
            yield f"{name} is rendered {count} times"


def matches(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def selected(selector: dict[str, str], objects: list[Object]) -> list[Pod]:
    return [pod for pod in pods(objects) if matches(selector, pod.labels)]


def selectors(objects: list[Object]) -> Sentences:
    """A Deployment selects its own pods and no other workload's."""
    for each in of_kind(objects, "Deployment", "StatefulSet"):
        found = selected(each["spec"]["selector"]["matchLabels"], objects)
        if [pod.owner for pod in found] != [each]:
            yield f"{title(each)} selects {[pod.name for pod in found]}"
    for each in of_kind(objects, "PodDisruptionBudget"):
        if not selected(each["spec"]["selector"]["matchLabels"], objects):
            yield f"{title(each)} selects no pod"


def services(objects: list[Object]) -> Sentences:
    for each in of_kind(objects, "Service"):
        found = selected(each["spec"]["selector"], objects)
        if len(found) != 1:
            yield f"{title(each)} selects {len(found)} workloads"
        for port in each["spec"]["ports"]:
            if any(port["targetPort"] not in pod.port_names for pod in found):
                yield f"{title(each)}: port {port['name']} leads to no port of the pods"


def routes(objects: list[Object]) -> Sentences:
    """Every route leads to a port of a Service: by number in an HTTPRoute, by name elsewhere."""
    by_name = {each["metadata"]["name"]: each["spec"]["ports"] for each in of_kind(objects, "Service")}
    for source, service, key, port in backends(objects):
        if port not in [each[key] for each in by_name.get(service, [])]:
            yield f"{source} leads to port {port} of Service {service}, which is not there"


def backends(objects: list[Object]) -> Iterator[tuple[str, str, str, Any]]:
    for each in of_kind(objects, "HTTPRoute"):
        for rule in each["spec"]["rules"]:
            for backend in rule.get("backendRefs", []):
                yield title(each), backend["name"], "port", backend["port"]
    for each in of_kind(objects, "Ingress"):
        for rule in each["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                yield title(each), service["name"], "name", service["port"]["name"]
    for each in of_kind(objects, "BackendTLSPolicy"):
        for target in each["spec"]["targetRefs"]:
            yield title(each), target["name"], "name", target["sectionName"]


def scaling(objects: list[Object]) -> Sentences:
    deployments = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "Deployment")}
    targets = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind(objects, "HorizontalPodAutoscaler")}
    for name in targets - deployments.keys():
        yield f"Deployment {name} is to be scaled, but is not there"
    for name, spec in deployments.items():
        if ("replicas" in spec) == (name in targets):
            yield f"Deployment {name}: replicas are set by nobody, or by two"


def monitors(objects: list[Object]) -> Sentences:
    for each in of_kind(objects, "ServiceMonitor"):
        selector = each["spec"]["selector"]["matchLabels"]
        found = [other for other in of_kind(objects, "Service") if matches(selector, other["metadata"]["labels"])]
        names = {port["name"] for service in found for port in service["spec"]["ports"]}
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in names:
                yield f"{title(each)} reads port {endpoint['port']} of no Service"


def policies(objects: list[Object], everything: list[Object]) -> Sentences:
    """Policies select pods that are there and open ports that they have; each workload has one of its own."""
    found = of_kind(objects, "NetworkPolicy")
    for each in found:
        spec = each["spec"]
        own = selected(spec["podSelector"]["matchLabels"], objects)
        if not own:
            yield f"{title(each)} selects no pod"
        for rule in spec.get("ingress", []):
            yield from rule_problems(each, rule, rule.get("from", []), own, everything)
        for rule in spec.get("egress", []):
            others = [pod for peer in rule.get("to", []) for pod in peer_pods(peer, everything)]
            yield from rule_problems(each, rule, rule.get("to", []), others, everything)
    own_components = {each["spec"]["podSelector"]["matchLabels"].get(COMPONENT) for each in found}
    for pod in pods(objects) if found else ():
        if pod.component not in own_components:
            yield f"{pod.name} has no policy of its own"


def rule_problems(
    policy: Object, rule: Object, peers: list[Object], called: list[Pod], objects: list[Object]
) -> Sentences:
    for peer in peers:
        if peer_labels(peer) and not peer_pods(peer, objects):
            yield f"{title(policy)} speaks of pods {peer_labels(peer)}, which are not there"
    for port in rule.get("ports", []):
        if isinstance(port["port"], str) and not any(port["port"] in pod.port_names for pod in called):
            yield f"{title(policy)} opens port {port['port']}, which no pod has"


def peer_labels(peer: Object) -> dict[str, str]:
    """The labels by which a rule names pods of its own namespace."""
    return {} if "namespaceSelector" in peer else peer.get("podSelector", {}).get("matchLabels", {})


def peer_pods(peer: Object, objects: list[Object]) -> list[Pod]:
    labels = peer_labels(peer)
    return selected(labels, objects) if labels else []


def mounts(objects: list[Object]) -> Sentences:
    for pod in pods(objects):
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in pod.owner["spec"].get("volumeClaimTemplates", [])}
        mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", [])}
        if volumes != mounted:
            yield f"{pod.name}: volumes {sorted(volumes ^ mounted)} are only mounted, or only there"


def needs(pod: Pod, objects: list[Object], beside: list[Object]) -> Sentences:
    """Everything that the kubelet must find before it starts the pod, at the time when it starts it."""
    there = available(pod.owner, objects, beside)
    for kind, name, keys in references(pod):
        if exists_already(name):
            continue
        if (kind, name) not in there:
            yield f"{pod.name} needs {kind} {name}, which is not there when it starts"
        elif not keys <= there[kind, name]:
            yield f"{pod.name} needs {sorted(keys - there[kind, name])} in {kind} {name}"


def available(owner: Object, objects: list[Object], beside: list[Object]) -> dict[tuple[str, str], set[str]]:
    """What is there when a workload starts: {(kind, name): keys}."""
    there: dict[tuple[str, str], set[str]] = {("ServiceAccount", "default"): set()}
    for each in beside:
        there |= provides(each)
    early = bool(hooks(owner) & BEFORE)
    for each in objects:
        # Helm deletes hooks when they have done their work, so what stays may not rely on them.
        in_time = hooks(owner) <= hooks(each) and weight(each) < weight(owner) if early else not hooks(each)
        if in_time:
            there |= provides(each)
    return there


def provides(each: Object) -> dict[tuple[str, str], set[str]]:
    """What mounts and variables find in an object, or in what an operator makes of it."""
    spec, name = each.get("spec", {}), each["metadata"]["name"]
    match each["kind"]:
        case "ServiceAccount":
            return {("ServiceAccount", name): set()}
        case "ConfigMap" | "Secret" as kind:
            return {(kind, name): {*each.get("data", {}), *each.get("stringData", {})}}
        case "ExternalSecret":
            return {("Secret", spec["target"]["name"]): {entry["secretKey"] for entry in spec["data"]}}
        case "Certificate":
            return {("Secret", spec["secretName"]): ISSUED_KEYS}
    return {}


def references(pod: Pod) -> Iterator[tuple[str, str, set[str]]]:
    """(kind, name, keys) of everything that a pod takes from elsewhere."""
    if name := pod.spec.get("serviceAccountName"):
        yield "ServiceAccount", name, set()
    for volume in pod.spec.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            yield from from_source(source)
    for container in pod.containers:
        for source in container.get("envFrom", []):
            for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if key in source:
                    yield kind, source[key]["name"], set()
        for variable in container.get("env", []):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield "Secret", reference["name"], {reference["key"]}


def from_source(source: Object) -> Iterator[tuple[str, str, set[str]]]:
    for key, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
        if inner := source.get(key):
            name = inner.get("secretName") or inner["name"]
            yield kind, name, {item["key"] for item in inner.get("items", [])}
