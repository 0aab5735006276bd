"""`make demo`: two real images that differ, from nothing to a verdict, in under two minutes.

With no engine, and no right to start one, it compares this machine's Python environment with a
recorded manifest instead, and says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from lab.engine import engine
from lab.error import LabError
from lab.images import build

ROOT: Final = Path(__file__).parents[1]
OUT: Final = ROOT / "demo-out"
RECORDED: Final = ROOT / "fixtures" / "demo" / "v1.json"
START: Final = time.monotonic()


def say(text: str) -> None:
    """Tell what happens, and when."""
    sys.stderr.write(f"demo {time.monotonic() - START:5.1f} s  {text}\n")


def repro(*arguments: str, host: str | None = None) -> int:
    """Run the real command line as a user would; drift is a result here, not a failure."""
    sys.stderr.write(f"\n$ repro {' '.join(arguments)}\n")
    environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
    command = [sys.executable, "-m", "repro", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Run the demo; 0 when it came to a verdict."""
    OUT.mkdir(exist_ok=True)
    try:
        code = _with_images()
    except LabError as error:
        say(f"no engine here ({error});")
        say("so this machine's Python environment is compared with a recorded image")
        code = _without_engine()
    if code in (0, 1, 3):
        say(f"done: the verdict is exit code {code}; everything is in {OUT.relative_to(ROOT)}/")
        return 0
    say(f"failed with exit code {code}")
    return code


def _with_images() -> int:
    say("looking for a container engine, or starting a throwaway one")
    with engine() as found:
        say("building two small images: Debian, Python, numpy, tokenizers, CUDA's runtime")
        build(found.host, "ml:v1", "ml:v2")
        for tag in ("v1", "v2"):
            file = str(Path("demo-out") / f"{tag}.json")
            code = repro("snapshot", f"repro-lab/ml:{tag}", "-o", file, host=found.host)
            if code:
                return code
    return _compare("demo-out/v1.json", "demo-out/v2.json")


def _without_engine() -> int:
    code = repro("snapshot", "local", "-o", "demo-out/local.json")
    return code or _compare(str(RECORDED.relative_to(ROOT)), "demo-out/local.json")


def _compare(a: str, b: str) -> int:
    report = "markdown=demo-out/report.md"
    return repro("diff", a, b, "-f", "text", "-f", report, "-f", "json=demo-out/report.json")


if __name__ == "__main__":
    sys.exit(main())
