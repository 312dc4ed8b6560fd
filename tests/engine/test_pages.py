"""Large pages: a large process gets them when Python looks for garbage, a small one does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
GROWN = """
import gc
from pathlib import Path
from runtime.engine.pages import LARGE_PAGE, LargePages

def megabytes():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("AnonHugePages")).split()[1]) / 1024

objects = [[n] for n in range(500_000)]
before = megabytes()
pages = LargePages({blocks})
pages.watch()
gc.collect()
assert objects == [[n] for n in range(500_000)]
print(before, megabytes(), pages.gathered * LARGE_PAGE / 2**20)
"""


def grown(blocks: int) -> tuple[float, ...]:
    """Megabytes in large pages before and after, and how many were gathered, where `blocks` are held to be many."""
    script = GROWN.format(blocks=blocks)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return tuple(map(float, done.stdout.split()))


@pytest.mark.skipif(
    not SETTING.exists() or "[never]" in SETTING.read_text(), reason="this kernel gives no large pages"
)
def test_a_large_process_gets_large_pages() -> None:
    before, after, gathered = grown(100_000)
    assert gathered >= 16
    assert after - before >= 16


@pytest.mark.skipif(sys.platform != "linux", reason="there are no large pages here")
def test_a_small_one_is_left_alone() -> None:
    before, after, gathered = grown(10**9)
    assert gathered == 0
    assert after == before
