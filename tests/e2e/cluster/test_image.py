"""The image: read as it was built, and built as it was before."""

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import FULL, Release
from kubernetes import ROOT, Namespace, run

BARE = Path(os.environ.get("BARE_CLUSTER", ROOT / "../shared/cluster"))
# Byte 4 of a .pyc: bound to the source's hash, and not looked at again (PEP 552).
COMPILED = """
from pathlib import Path
kinds = [path.read_bytes()[4] for path in Path("/srv").rglob("*.pyc")]
print(len(kinds), set(kinds))
"""


def test_all_bytecode_holds_whatever_the_time_of_the_files(release: Release, namespace: Namespace) -> None:
    count, kinds = namespace.kubectl("exec", "deployment/api", "--", "python", "-c", COMPILED).split(maxsplit=1)

    assert kinds.strip() == "{1}"
    assert int(count) > 1000


@pytest.mark.skipif(not FULL or not shutil.which("buildah"), reason="FULL=1 builds the image twice, with buildah")
def test_the_same_inputs_give_the_same_layers() -> None:
    built = []
    for number in (1, 2):
        image = f"localhost/slipway-again:{number}"
        arguments = [
            "--no-cache",
            "--quiet",
            "--timestamp",
            "0",
            "--build-arg",
            "PYTHON_IMAGE=localhost/python-base:3.13",
        ]
        run(BARE / "build-image", ROOT / "packages/api", image, *arguments)
        built.append(json.loads(run("buildah", "inspect", "--type", "image", image))["OCIv1"]["rootfs"])
        run("buildah", "rmi", image)

    assert built[0] == built[1]
