"""Who may use whom, across apps: only what stands above in the list, and only its services and selectors."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

from config.domains import DOMAINS
from tests.architecture.source import API, files, imports, mentions, tree

OPEN_ROOMS = {"services", "selectors"}
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}
# Who enters the scope of all tenants, and why is said where they do.
SYSTEM_SCOPE = {"contract/idempotency.py", "contract/management/commands/migrate.py"}
SCOPE_ITSELF = API / "contract/tenancy.py"


def app_of(path: Path) -> str:
    return ".".join(path.relative_to(API).parts[:2])


def label(path: Path) -> str:
    return str(path.relative_to(API))


IN_APPS = [path for path in files("apps") if len(path.relative_to(API).parts) > 2]
MODELS = [path for path in IN_APPS if "models" in path.relative_to(API).with_suffix("").parts]


@pytest.mark.parametrize("path", IN_APPS, ids=label)
def test_an_app_uses_only_open_rooms_of_apps_above_it(path: Path) -> None:
    own = app_of(path)
    above = DOMAINS[: DOMAINS.index(own)]
    # The demo world is filled by whoever knows how.
    rooms = OPEN_ROOMS | ({"models"} if "management" in path.parts else set())

    for name in imports(path):
        used = ".".join(name.split(".")[:2])
        if name.startswith("apps.") and used != own:
            assert used in above, f"{own} stands above {used} in config/domains.py, and can't use it"
            room = "".join(name.split(".")[2:3])
            assert room in rooms, f"{name} is not open to other apps: use services or selectors"


@pytest.mark.parametrize("path", files("contract"), ids=label)
def test_the_contract_knows_no_app(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith(("apps.", "config."))] == []


def foreign_keys() -> list[Any]:
    metas = [model._meta for model in apps.get_models() if model.__module__.startswith("apps.")]
    fields = [field for meta in metas for field in (*meta.local_fields, *meta.local_many_to_many)]
    return [field for field in fields if isinstance(field, ForeignKey | ManyToManyField)]


@pytest.mark.parametrize("field", foreign_keys(), ids=str)
def test_a_foreign_key_points_to_an_app_above(field: Any) -> None:
    target, own = (model._meta.app_config.name for model in (field.related_model, field.model))

    # The framework's own models stand below all domains.
    assert target not in DOMAINS or DOMAINS.index(target) <= DOMAINS.index(own)


@pytest.mark.parametrize("path", MODELS, ids=label)
def test_foreign_keys_are_strings(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in RELATIONS:
            targets = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "to")]
            assert all(isinstance(each, ast.Constant) for each in targets), f"line {node.lineno}: name it 'app.Model'"


def test_few_enter_the_scope_of_all_tenants() -> None:
    others = [path for path in files("apps", "contract", "config") if path != SCOPE_ITSELF]
    entering = {str(path.relative_to(API)) for path in others if mentions(path, "system_scope", "Scope", "_scope")}

    assert entering == SYSTEM_SCOPE


def test_rules_stand_in_no_serializer_signal_or_save() -> None:
    for path in files("apps"):
        assert not [name for name in imports(path) if "django.dispatch" in name or ".signals" in name], path
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and path in MODELS:
                assert node.name != "save", f"{path}: a rule in save() is passed by every bulk write"
