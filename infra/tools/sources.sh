# shellcheck shell=bash
# Which files the linters look at. Everything that git would commit: tracked or new, never ignored.

files() { git ls-files -z --cached --others --exclude-standard | xargs -0 -r ls -d 2>/dev/null || true; }

shell_files() {
  git grep --untracked -nIE '^#!.*[/ ](ba)?sh$' | awk -F: '$2 == 1 { print $1 }'
  files | grep '\.sh$'
}

# Python outside the service follows the service's rules.
ruff_everywhere() {
  (cd packages/api && ruff "$@" .) && ruff "$@" --config packages/api/pyproject.toml --extend-exclude packages .
}
