"""The service's settings with one more domain, which has every feature that a declaration can use."""

import os

from config import domains

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
os.environ.setdefault("ENVIRONMENT", "test")
if redis_url := os.environ.get("REDIS_URL"):
    # Each parallel worker has a Redis database of its own.
    os.environ["REDIS_URL"] = (
        f"{redis_url.rstrip('/').rsplit('/', 1)[0] if redis_url.count('/') > 2 else redis_url}/{WORKER}"
    )
for name in ("ANON", "USER", "TENANT_READ", "TENANT_WRITE", "AUTH", "AUTH_ADDRESS"):
    os.environ.setdefault(f"THROTTLE_{name}", "off")
os.environ.setdefault("LOG_LEVEL", "ERROR")

if "tests.specimens" not in domains.DOMAINS:
    domains.DOMAINS.append("tests.specimens")

from config.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]  # noqa: F405
# Argon2 takes its time by design; its own test uses it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]  # noqa: F405
