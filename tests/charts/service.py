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
import json, os, runpy
from collections.abc import MutableMapping

class Recorder(MutableMapping):
    def __init__(self, inner): self.inner, self.asked = inner, set()
    def __getitem__(self, key): self.asked.add(key); return self.inner[key]
    def __setitem__(self, key, value): self.inner[key] = value
    def __delitem__(self, key): del self.inner[key]
    def __iter__(self): return iter(self.inner)
    def __len__(self): return len(self.inner)
    def copy(self): return self.inner.copy()

import config.settings
from contract.environment import env
os.environ = Recorder(os.environ)
import gunicorn.config
runpy.run_path("config/gunicorn.py")
print(json.dumps(sorted(env.names | os.environ.asked)))
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
    """Every variable that the settings or the server's configuration ask for."""
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
