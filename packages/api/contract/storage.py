"""Where files lie: an S3 store when STORAGE_S3_ENABLED is true, else the process's own folder."""

from typing import Any

from contract.environment import Environment

# Seconds: a store that hangs must not take the threads along.
PATIENCE = 2
# What is read, and the name by which django-storages takes it.
NEEDED = ("STORAGE_S3_BUCKET", "bucket_name"), ("STORAGE_S3_REGION", "region_name")
OPTIONAL = ("STORAGE_S3_ENDPOINT", "endpoint_url"), ("STORAGE_S3_CA_FILE", "verify")
# Without them it is the identity of the pod that signs.
KEYS = ("STORAGE_S3_ACCESS_KEY_ID", "access_key"), ("STORAGE_S3_SECRET_ACCESS_KEY", "secret_key")


def s3(env: Environment) -> dict[str, Any]:
    """Django's `STORAGES` entry of the store, or nothing when it is turned off."""
    read = {option: env.str(name, "") for name, option in (*NEEDED, *OPTIONAL, *KEYS)}
    if not env.given("STORAGE_S3_ENABLED"):
        return {}
    env.require(*dict(NEEDED), why="where STORAGE_S3_ENABLED is true")
    if any(env.given(name) for name, _ in KEYS):
        env.require(*dict(KEYS), why="where the other one is")
    given = {option: value for option, value in read.items() if value}
    return {"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**given, **private(given)}}}


def private(given: dict[str, str]) -> dict[str, Any]:
    """A bucket whose files nobody overwrites, and whose links are signed and end."""
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        retries={"max_attempts": 1},
        s3={"addressing_style": "path" if "endpoint_url" in given else "auto"},
    )
    return {"default_acl": None, "querystring_auth": True, "file_overwrite": False, "client_config": config}
