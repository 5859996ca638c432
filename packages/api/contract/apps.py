from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class ContractConfig(AppConfig):
    name = "contract"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from contract import checks, domains, isolation, tenancy  # noqa: F401  (checks register themselves)

        connection_created.connect(tenancy.follow_scope, dispatch_uid="contract.tenancy")
        post_migrate.connect(isolation.protect_tables, dispatch_uid="contract.isolation")
