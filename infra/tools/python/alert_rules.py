"""Prints the alert rules of the rendered manifests on standard input, in the form that promtool reads."""

import sys

import yaml

manifests = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest]
rules = [manifest["spec"]["groups"] for manifest in manifests if manifest["kind"] == "PrometheusRule"]
yaml.safe_dump({"groups": [group for groups in rules for group in groups]}, sys.stdout)
