"""Where other people's programs live that stand beside ours: an environment of its own for each, in the user's cache,
made once by pip.

None of it belongs to the project or comes near its environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.children import Failed

# tap-xero imports six without asking for it.
TAPS = {"quickbooks": ("tap-quickbooks==2.5.0",), "xero": ("tap-xero==2.6.0", "six")}
DUNNING = ("trytond==8.2.1", "trytond-account-dunning-email==8.2.0", "proteus==8.2.0")


def python(packages: tuple[str, ...]) -> Path:
    """The interpreter of the environment of some packages, which is called after the first. Failed when it cannot be
    made here.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dunlin-bench" / packages[0]
    interpreter, made = folder / "bin" / "python", folder / "made"
    if not made.exists():
        pip = [str(interpreter), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *packages]
        try:
            for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], pip):
                subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()
            raise Failed(f"{packages[0]} could not be installed here: {said[-1]}") from error
        made.touch()
    return interpreter
