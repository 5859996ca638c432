"""Starts a domain: the rooms of a plain resource from `contract/scaffold`, its line in the list, its migration."""

import keyword
import multiprocessing
import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.management.base import BaseCommand, CommandError
from django.urls import Resolver404, resolve

from contract.fields import PrefixedIdField

SCAFFOLD = Path(__file__).resolve().parents[2] / "scaffold"
PLURAL = re.compile(r"[a-z]{2,28}[a-rt-z]s")
EMPTY_NAMES = {"utils", "helpers", "commons", "managers"}
# Names of rooms, of what the scaffold imports, of addresses that the contract serves, and of the tests' own domain.
RESERVED = {
    "apps", "consumers", "docs", "errors", "faults", "gateways", "migrations", "models", "permissions", "problems",
    "resources", "selectors", "serializers", "services", "tasks", "templates", "tests", "urls", "views",
    "cabinets", "eras", "notes", "specimens",
}  # fmt: skip
SINGULARS = [
    (re.compile(r"(?<=..)ies$"), "y"),
    (re.compile(r"zzes$"), "z"),
    (re.compile(r"(?<=ss|ch|sh)es$|(?<=x)es$|(?<=[^ao]us)es$"), ""),
    (re.compile(r"s$"), ""),
]
INDEX_NAME_LENGTH = 30


class Command(BaseCommand):
    help = "Start a new domain as a plain resource, to be changed from there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a plural noun, such as tickets")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        refuse_bad_name(name)
        refuse_taken_name(name)
        listed = with_domain((settings.BASE_DIR / "config/domains.py").read_text(), name)
        for path, text in rooms(name).items():
            target = settings.BASE_DIR / "apps" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        (settings.BASE_DIR / "config/domains.py").write_text(listed)
        self.write_migration(name)
        self.stdout.write(next_steps(name))

    def write_migration(self, name: str) -> None:
        """In a fresh process: this one was started without the domain."""
        process = multiprocessing.get_context("spawn").Process(target=make_migrations, args=[name])
        process.start()
        process.join()
        if process.exitcode:
            raise CommandError(
                f"The rooms are written, their migration is not. Mend this, then: make migrations ({name})"
            )


def make_migrations(name: str) -> None:
    execute_from_command_line(["manage.py", "makemigrations", name])


def refuse_bad_name(name: str) -> None:
    if not PLURAL.fullmatch(name):
        raise CommandError(
            f"{name!r} does not name a domain: give a plural noun of 4 to 30 lowercase letters that ends in s, "
            "such as tickets."
        )
    if name in EMPTY_NAMES:
        raise CommandError(f"{name!r} says nothing about what is inside: name the domain by its noun, such as tickets.")
    words = {name, singular(name), model_name(name)}
    if name in sys.stdlib_module_names or any(map(keyword.iskeyword, words - {singular(name)})):
        raise CommandError(f"{name!r} has a meaning in Python already: choose another plural noun, such as tickets.")


def refuse_taken_name(name: str) -> None:
    models = {model.__name__ for model in apps.get_models()}
    labels = {config.label for config in apps.get_app_configs()}
    folder: Path = settings.BASE_DIR / "apps" / name
    if name in labels | RESERVED or f"apps.{name}" in settings.DOMAINS or folder.exists() or is_served(name):
        raise CommandError(f"{name!r} is taken already in this service: choose another plural noun, such as tickets.")
    if model_name(name) in models:
        raise CommandError(f"A model {model_name(name)} exists already: choose another plural noun than {name!r}.")


def is_served(name: str) -> bool:
    try:
        resolve(f"/api/v1/{name}/")
    except Resolver404:
        return False
    return True


def singular(name: str) -> str:
    """categories is category, boxes is box, tickets is ticket; what no simple rule knows is renamed by hand."""
    ending, replacement = next(rule for rule in SINGULARS if rule[0].search(name))
    return ending.sub(replacement, name)


def model_name(name: str) -> str:
    return singular(name).capitalize()


def free_prefix(name: str) -> str:
    """The shortest start of the noun, from four letters on, that begins no other model's ids."""
    noun = singular(name)
    keys = [model._meta.pk for model in apps.get_models()]
    taken = {key.prefix for key in keys if isinstance(key, PrefixedIdField)}
    starts = [*(noun[:length] for length in range(4, len(noun) + 1)), noun, name]
    return next(start for start in starts if start not in taken)


def with_domain(text: str, name: str) -> str:
    """The list of domains with one more line at its end: a new domain may use all the others."""
    before, bracket, after = text.rpartition("\n]")
    if not bracket:
        raise CommandError("config/domains.py does not end its list with a ] on a line of its own: write it that way.")
    return f'{before}\n    "apps.{name}",\n]{after}'


def rooms(name: str) -> dict[str, str]:
    """Every file of the new domain: its path inside the domain and its text."""
    words = {
        "name": name,
        "domain": name.capitalize(),
        "singular": singular(name),
        "model": model_name(name),
        "prefix": free_prefix(name),
        "index": f"{singular(name)[: INDEX_NAME_LENGTH - len('_by_time')]}_by_time",
    }
    found = {str(path.relative_to(SCAFFOLD)).removesuffix(".txt"): path for path in sorted(SCAFFOLD.rglob("*.txt"))}
    return {each.replace("NAME", name): Template(path.read_text()).substitute(words) for each, path in found.items()}


def next_steps(name: str) -> str:
    return (
        f"apps/{name} is a working resource at /api/v1/{name}/, with the model {model_name(name)}. Next:\n"
        f"  1. Write its fields and rules: packages/api/apps/{name}/models.py, then: make migrations\n"
        f"  2. Say what it is for: packages/api/apps/{name}/README.md\n"
        f'  3. Let the contract judge it: make test T=packages/api/tests/contract PYTEST_ARGS="-k {name}"\n'
        "  4. Publish its schema: make openapi\n"
        "docs/guides/add-a-domain.md tells more."
    )
