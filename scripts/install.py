"""Install the pinned requirements and this checkout into the environment that runs this, behind a progress bar.

Only the standard library is at hand when it runs. What pip says is shown only when it fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
WIDTH = 40


def show(done: int, total: int, doing: str) -> None:
    """Draw the bar: over itself on a terminal, else a line at every tenth."""
    terminal = sys.stdout.isatty()
    if not terminal and done * 10 // total == (done - 1) * 10 // total and done < total:
        return
    filled = WIDTH * done // total
    bar = "#" * filled + "." * (WIDTH - filled)
    print(f"\r[{bar}] {done:3} of {total} {doing:<44.44}", end="" if terminal else "\n", flush=True)


def run(arguments: list[str], total: int) -> None:
    """Run pip; exit with what it said if it fails."""
    said: list[str] = []
    done = 0
    with subprocess.Popen(
        [*PIP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                done = min(done + 1, total)
                show(done, total, line.split(": ")[-1].removeprefix("Collecting ").split()[0])
            elif line.startswith("Installing collected packages"):
                show(total, total, "downloaded; unpacking")
    if pip.returncode:
        sys.exit("\n" + "".join(said[-30:]) + "The installation failed; what pip said is above.")


def main() -> None:
    """The requirements first, then the checkout itself, which needs nothing more."""
    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.strip()]
    run(["-r", "requirements.txt"], len(pins))
    run(["--no-deps", "--editable", "."], 1)
    print("\nInstalled.")


if __name__ == "__main__":
    main()
