#!/usr/bin/env python3
"""Gives the platform another name in every tracked file: rename.py NAME [--force]."""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "packages/api/pyproject.toml"
KEPT = {"LICENSE", "CHANGELOG.md"}
NAME = re.compile(r"[a-z]{3,30}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="3 to 30 lowercase letters")
    parser.add_argument("--force", action="store_true", help="rename although there are uncommitted changes")
    options = parser.parse_args()
    old, new = current_name(), options.name
    if old == new:
        say(f"This checkout is called {old} already: there is nothing to rename.")
        return
    refuse(old, new, options.force)
    changed, moved = rename(old, new)
    say(f"{old} is now {new}: {changed} files changed, {moved} moved. Read `git diff`, then: make format check")


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def current_name() -> str:
    """The product's name, which the service's project is named after."""
    project: str = tomllib.loads(PROJECT.read_text())["project"]["name"]
    return project.removesuffix("-api")


def refuse(old: str, new: str, force: bool) -> None:
    """End with one sentence, before anything is changed, when this name can't be given."""
    if not NAME.fullmatch(new):
        sys.exit(f"{new!r} can't be the platform's name: give 3 to 30 lowercase letters, such as harbour.")
    # A word of the code could never be told apart from the name again.
    if used := next((path for path in tracked("packages") if new in replace(text_of(path), old, "").lower()), None):
        sys.exit(f"{new!r} is a word in {used} already: choose a name that only the platform has.")
    if git("status", "--porcelain") and not force:
        sys.exit("There are uncommitted changes: commit them first, so that `git diff` shows the renaming alone.")


def rename(old: str, new: str) -> tuple[int, int]:
    """Change contents first and paths after; returns how many of each."""
    changed = 0
    for path in tracked():
        text = text_of(path)
        if (renamed := replace(text, old, new)) != text:
            (ROOT / path).write_bytes(renamed.encode())
            changed += 1
    moves = [(path, Path(replace(str(path), old, new))) for path in tracked()]
    moves = [(before, after) for before, after in moves if before != after and str(before) not in KEPT]
    for before, after in moves:
        (ROOT / after).parent.mkdir(parents=True, exist_ok=True)
        git("mv", str(before), str(after))
    return changed, len(moves)


def replace(text: str, old: str, new: str) -> str:
    """The name in its three spellings, also as a part of a longer word."""
    for spelling in (str.lower, str.capitalize, str.upper):
        text = text.replace(spelling(old), spelling(new))
    return text


def text_of(path: Path) -> str:
    """A file's text; nothing for what is kept, for links, and for files that are no text."""
    if str(path) in KEPT or (ROOT / path).is_symlink() or not (ROOT / path).is_file():
        return ""
    try:
        return (ROOT / path).read_bytes().decode()
    except UnicodeDecodeError:
        return ""


def tracked(folder: str = ".") -> list[Path]:
    return [Path(name) for name in git("ls-files", "-z", folder).split("\0") if name]


def git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
