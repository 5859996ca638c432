"""A laptop whose tools only write down what they are asked for, so that `make deploy` runs without a cluster."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from rendering import ROOT

TAG = "0a1b2c3d4e5f"
Calls = list[list[str]]
Record = Callable[..., Calls]
# It says that kind is there, and that no image was built before.
RECORDER = r"""#!/bin/sh
line=$(printf '%s\t' "${0##*/}" "$@")
printf '%s\n' "$line" >>"$RECORDED"
case "$*" in
"config current-context") echo kind-slipway ;;
"image inspect "*) exit 1 ;;
esac
"""


def recorder(folder: Path) -> Record:
    """What a command of this checkout asks of its tools; paths are relative to the checkout."""
    checkout, recorded = folder / "checkout", folder / "recorded"
    tools = checkout / ".tools/bin"
    tools.mkdir(parents=True)
    for name in ("docker", "git", "helm", "kind", "kubectl"):
        (tools / name).write_text(RECORDER)
        (tools / name).chmod(0o755)
    for name in ("charts", "infra", "packages"):
        (checkout / name).symlink_to(ROOT / name)

    def run(*command: str, tag: str = TAG) -> Calls:
        path = f"{tools}:{os.environ['PATH']}"
        variables = {
            "PATH": path,
            "KUBECONFIG": "laptop",
            "BARE_CLUSTER": "none",
            "TAG": tag,
            "RECORDED": str(recorded),
        }
        recorded.write_text("")
        subprocess.run(command, cwd=checkout, env=variables, check=True, capture_output=True)
        lines = recorded.read_text().replace(f"{checkout}/", "").splitlines()
        return [line.rstrip("\t").split("\t") for line in lines]

    return run
