# shellcheck shell=bash
# One line for what passes, the whole output for what fails, and all failures once more at the end.

failed=()

report() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok  $name"
    return
  fi
  printf '\nFAILED  %s\n%s\n\n' "$name" "$output"
  failed+=("$name")
}

finish() {
  ((${#failed[@]} == 0)) && return
  echo "Failed: ${failed[*]}. $1"
  exit 1
}
