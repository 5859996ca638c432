"""Who may use whom, across apps: only what stands above in the list, and only its services and selectors."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from config.domains import DOMAINS
from tests.architecture.source import API, called, files, imports, tree

OPEN_ROOMS = {"services", "selectors"}
# Who enters the scope of all tenants, and why is said where they do.
SYSTEM_SCOPE = {"contract/management/commands/migrate.py"}


def app_of(path: Path) -> str:
    return ".".join(path.relative_to(API).parts[:2])


IN_APPS = [path for path in files("apps") if len(path.relative_to(API).parts) > 2]


@pytest.mark.parametrize("path", IN_APPS, ids=lambda path: str(path.relative_to(API)))
def test_an_app_uses_only_open_rooms_of_apps_above_it(path: Path) -> None:
    own = app_of(path)
    above = DOMAINS[: DOMAINS.index(own)]
    # The demo world is filled by whoever knows how.
    rooms = OPEN_ROOMS | ({"models"} if "management" in path.parts else set())

    for name in imports(path):
        used = ".".join(name.split(".")[:2])
        if name.startswith("apps.") and used != own:
            assert used in above, f"{own} stands above {used} in config/domains.py, and can't use it"
            assert name.split(".")[2] in rooms, f"{name} is not open to other apps: use services or selectors"


@pytest.mark.parametrize("path", files("contract"), ids=lambda path: str(path.relative_to(API)))
def test_the_contract_knows_no_app(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith(("apps.", "config."))] == []


def foreign_keys() -> list[Any]:
    models = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    return [field for model in models for field in model._meta.local_fields if isinstance(field, ForeignKey)]


@pytest.mark.parametrize("field", foreign_keys(), ids=str)
def test_a_foreign_key_points_to_an_app_above(field: Any) -> None:
    target = field.related_model.__module__.removesuffix(".models")
    own = field.model.__module__.removesuffix(".models")

    assert DOMAINS.index(target) <= DOMAINS.index(own)


@pytest.mark.parametrize("path", [p for p in files("apps") if p.name == "models.py"], ids=lambda path: path.parent.name)
def test_foreign_keys_are_strings(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("ForeignKey", "OneToOneField"):
            assert isinstance(node.args[0], ast.Constant), f"line {node.lineno}: name the model as 'app.Model'"


def test_few_enter_the_scope_of_all_tenants() -> None:
    entering = {
        str(path.relative_to(API)) for path in files("apps", "contract", "config") if called(path, "system_scope")
    }

    assert entering == SYSTEM_SCOPE


def test_rules_stand_in_no_serializer_signal_or_save() -> None:
    for path in files("apps"):
        assert "django.dispatch.receiver" not in set(imports(path)), path
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and path.name == "models.py":
                assert node.name != "save", f"{path}: a rule in save() is passed by every bulk write"
