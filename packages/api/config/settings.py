"""Django's settings. Every difference between environments is a variable; `.env.example` lists them all."""

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.conf import global_settings
from django.core.management.utils import get_random_secret_key
from environs import validate

from config.domains import DOMAINS as DOMAINS
from contract import logs, storage, transport
from contract.environment import (
    database,
    env,
    is_database_url,
    is_postgresql_url,
    is_signing_key,
    rate,
    rate_or_off,
)
from contract.openapi import settings as openapi_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# The process
ENVIRONMENT = env.str("ENVIRONMENT", "development", validate=validate.OneOf(["development", "test", "production"]))
IS_PRODUCTION = ENVIRONMENT == "production"
# Problem documents are promised everywhere, so Django's debug pages are shown nowhere.
DEBUG = False
SECRET_KEY = env.str("SECRET_KEY") if IS_PRODUCTION else env.str("SECRET_KEY", get_random_secret_key())
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
JWT_SIGNING_KEYS = (
    env.list("JWT_SIGNING_KEY", validate=is_signing_key)
    if IS_PRODUCTION
    else env.list("JWT_SIGNING_KEY", [get_random_secret_key()], validate=is_signing_key)
)
PUBLIC_URL = env.str("PUBLIC_URL") if IS_PRODUCTION else env.str("PUBLIC_URL", "http://127.0.0.1:8000")

# Who may call
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS") if IS_PRODUCTION else env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/(api|admin)/"
CORS_ALLOW_HEADERS = [
    "accept", "api-key", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match",
    "x-api-key", "x-csrftoken", "x-organization", "x-request-id",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "etag", "idempotent-replayed", "link", "location", "ratelimit", "ratelimit-policy", "retry-after",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id",
]  # fmt: skip
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
API_DOCS_ENABLED = env.bool("API_DOCS_ENABLED", False)

# How requests are served
WEB_SERVER = env.str("WEB_SERVER", "gunicorn", validate=validate.OneOf(["gunicorn", "granian"]))
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", 1, validate=validate.Range(min=1))
WEB_THREADS = env.int("WEB_THREADS", 4, validate=validate.Range(min=1))
# Less than what Kubernetes waits before it kills, so that requests end by themselves.
DRAIN_SECONDS = env.int("DRAIN_SECONDS", 25, validate=validate.Range(min=1))

# What is shown and asked for on a connection
TLS_CERT_FILE = env.str("TLS_CERT_FILE", "")
TLS_KEY_FILE = env.str("TLS_KEY_FILE", "")
TLS_CLIENT_CA_FILE = env.str("TLS_CLIENT_CA_FILE", "")
TLS_CLIENT_AUTH = env.str("TLS_CLIENT_AUTH", "none", validate=validate.OneOf(["none", "request", "require"]))
TLS_CLIENT_NAMES: list[str] = env.list("TLS_CLIENT_NAMES", [])
transport.verify_server(env)

# What is installed
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "contract",
    *DOMAINS,
]
MIDDLEWARE = [
    "contract.correlation.CorrelationMiddleware",
    "contract.health.HealthMiddleware",
    "contract.metrics.MetricsMiddleware",
    "contract.certificates.CertificateMiddleware",
    "contract.tenancy.TenancyMiddleware",
    "contract.routing.RoutingMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "contract.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.common.CommonMiddleware",
]
APPEND_SLASH = False
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Images hold collected files; a checkout serves them from the packages.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir()
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# Where rows live
database_url = partial(env.str, validate=is_postgresql_url if IS_PRODUCTION else is_database_url)
DATABASE_URL = (
    database_url("DATABASE_URL") if IS_PRODUCTION else database_url("DATABASE_URL", "sqlite:///slipway.sqlite3")
)
DATABASE_OWNER_URL = database_url("DATABASE_OWNER_URL", DATABASE_URL)
# In seconds.
MIGRATION_LOCK_TIMEOUT = env.int("MIGRATION_LOCK_TIMEOUT", 5, validate=validate.Range(min=1))
DATABASES = {"default": database(DATABASE_URL, transport.to_postgresql(env))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL") if IS_PRODUCTION else env.str("REDIS_URL", "")
REDIS_OPTIONS = transport.to_redis(env)
STORAGE_S3_ENABLED = env.bool("STORAGE_S3_ENABLED", False)
STORAGES = {**global_settings.STORAGES, **storage.s3(env)}

# Who is who
AUTH_USER_MODEL = "authentication.User"
SILENCED_SYSTEM_CHECKS = [
    "auth.E003",  # a constraint over UPPER(username) holds uniqueness, which is stricter than the check knows
    "security.W002",  # contract.headers forbids framing on every answer
    "security.W003",  # contract.authentication checks CSRF where a cookie is the credential, and only there
    "security.W008",  # nothing is redirected: TLS ends at the gateway or in this process
]
TENANT_MODEL = "tenants.Organization"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
CSRF_FAILURE_VIEW = "contract.problems.csrf_failure"

# What every endpoint promises
CONTRACT = {
    "API_TITLE": "Slipway API",
    "API_VERSION": "1.0.0",
    "BEARER_AUTHENTICATOR": "apps.authentication.services.authenticate_token",
    "API_KEY_AUTHENTICATOR": "apps.tenants.services.authenticate_api_key",
    "TENANT_FINDER": "apps.tenants.selectors.find_memberships",
}
throttle = partial(env.str, validate=rate if IS_PRODUCTION else rate_or_off)
THROTTLE_RATES = {
    "anon": throttle("THROTTLE_ANON", "60/min"),
    "user": throttle("THROTTLE_USER", "1000/hour"),
    "tenant-read": throttle("THROTTLE_TENANT_READ", "600/min"),
    "tenant-write": throttle("THROTTLE_TENANT_WRITE", "120/min"),
    "auth": throttle("THROTTLE_AUTH", "5/min"),
    "auth-address": throttle("THROTTLE_AUTH_ADDRESS", "30/min"),
}
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", 1_048_576)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["contract.authentication.Dispatcher"],
    "DEFAULT_PERMISSION_CLASSES": [
        "contract.permissions.IsIdentified",
        "contract.permissions.HasScope",
        "contract.permissions.ActsForTenant",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["contract.throttling.BucketThrottle"],
    "DEFAULT_PARSER_CLASSES": ["contract.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["contract.rendering.ORJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "contract.rendering.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "contract.openapi.schema.ContractSchema",
    "EXCEPTION_HANDLER": "contract.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = openapi_settings.build(CONTRACT["API_TITLE"], CONTRACT["API_VERSION"], PUBLIC_URL)

# Responses over TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION

# What is logged and measured
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
LOGGING_CONFIG = None
logs.configure(LOG_LEVEL)

METRICS_PORT = env.int("METRICS_PORT", 0, validate=validate.Range(0, 65535))

# Each domain's own variables
for domain in DOMAINS:
    if find_spec(f"{domain}.conf"):
        import_module(f"{domain}.conf")

env.verify()
