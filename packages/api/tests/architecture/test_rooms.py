"""The same rooms in every app, and a size that a reader can hold."""

import re
from pathlib import Path
from statistics import median, quantiles

import pytest

from config.domains import DOMAINS
from tests.architecture.source import API, ROOT, files, functions

APPS = [API / domain.replace(".", "/") for domain in DOMAINS if domain.startswith("apps.")]
ROOMS = {
    "apps", "models", "selectors", "services", "serializers", "permissions", "views", "urls", "tasks", "consumers",
    "admin", "management", "gateways", "conf", "templates", "locale", "migrations", "tests",
}  # fmt: skip
FORBIDDEN = {"utils", "helpers", "common", "manager", "base2", "data", "misc", "lib", "core"}
CODE = files("apps", "contract", "config")
PLACES_OF_TESTS = (ROOT, API, API / "tests/contract")


def label(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("app", APPS, ids=label)
def test_an_app_has_no_room_of_its_own_making(app: Path) -> None:
    found = {path.name.removesuffix(".py") for path in app.iterdir() if path.name != "__pycache__"}

    assert found - ROOMS - {"__init__", "README.md"} == set()


@pytest.mark.parametrize("app", APPS, ids=label)
def test_an_app_says_what_it_is_for(app: Path) -> None:
    lines = (app / "README.md").read_text().splitlines()

    assert 3 < len(lines) <= 40


@pytest.mark.parametrize("app", APPS, ids=label)
def test_tests_and_factories_have_their_names(app: Path) -> None:
    names = {path.name for path in (app / "tests").glob("*.py")} - {"__init__.py", "factories.py"}

    assert names
    assert all(name.startswith("test_") for name in names)


def test_every_domain_stands_in_the_list() -> None:
    folders = {path.name for path in (API / "apps").iterdir() if (path / "apps.py").is_file()}

    assert folders == {app.name for app in APPS}


def test_no_file_and_no_folder_has_an_empty_name() -> None:
    names = {path.stem for path in CODE} | {part for path in CODE for part in path.relative_to(API).parts[:-1]}

    assert names & FORBIDDEN == set()


def test_no_file_is_over_400_lines_and_the_middle_one_is_short() -> None:
    sizes = {
        path: len(path.read_text().splitlines()) for path in files("apps", "contract", "config", "tests", tests=True)
    }
    code = [sizes[path] for path in CODE if sizes[path]]

    assert {path.name: size for path, size in sizes.items() if size > 400} == {}
    assert median(code) <= 60


def test_no_function_is_over_40_lines_and_most_are_short() -> None:
    sizes = {(path.name, name): size for path in CODE for name, size in functions(path)}

    assert {name: size for name, size in sizes.items() if size > 40} == {}
    assert median(sizes.values()) <= 7
    assert quantiles(sizes.values(), n=10)[8] <= 20


NOUNS = {path.stem for path in (API / "contract").glob("*.py")} - {"__init__", "apps", "models", "types"} | {"openapi"}


def test_every_noun_of_the_contract_has_its_page() -> None:
    pages = {path.stem for path in (ROOT / "docs/contract").glob("*.md")}

    assert NOUNS - pages == set()


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_the_page_of_a_noun_names_tests_that_exist(noun: str) -> None:
    page = (ROOT / f"docs/contract/{noun}.md").read_text()

    _, _, proof = page.partition("Proof:")
    named = re.findall(r"`((?:[\w-]+/)*(?:tests/|test_)[\w./]*)`", proof.partition("\n\n")[0])

    assert re.search(rf"`contract/{noun}(\.py|/)`", page)
    assert named
    assert [name for name in named if not any((folder / name).exists() for folder in PLACES_OF_TESTS)] == []
