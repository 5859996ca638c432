"""What the service says of itself, asked in a process of its own."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from rendering import ROOT

SERVICE = ROOT / "packages/api"
READ = """
import json
import config.settings
from contract.environment import env
print(json.dumps(sorted(env.names)))
"""
EXPORTED = """
import json
import django
django.setup()
import contract.metrics
from prometheus_client import REGISTRY
print(json.dumps({family.name: family.type for family in REGISTRY.collect()}))
"""
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@cache
def variables_read() -> frozenset[str]:
    """Every variable that the settings ask for."""
    return frozenset(ask(READ))


@cache
def metrics_exported() -> frozenset[str]:
    """The name of every series."""
    return frozenset(name + suffix for name, kind in ask(EXPORTED).items() for suffix in SUFFIXES.get(kind, ("",)))


def ask(script: str) -> Any:
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**passed, "ENVIRONMENT": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=Path(SERVICE), env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
