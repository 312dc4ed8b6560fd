"""Clips of a world by a real viewport."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.world_process import WorldProcess
from tests.viewer.test_pool import World
from viewer import clips as module
from viewer.clips import Busy, Clips
from viewer.pool import Pool, PoolFull, State
from viewer.viewport_process import Refused, ViewportGone


@pytest.fixture
async def pool(shared_world: WorldProcess, tmp_path: Path) -> AsyncIterator[Pool]:
    pool = Pool({name: World(shared_world) for name in ("a", "b")}, 1, tmp_path)  # type: ignore[misc]
    yield pool
    await pool.close()


@pytest.fixture
def clips(pool: Pool, tmp_path: Path) -> Clips:
    return Clips(pool._worlds, pool, tmp_path / "clips")


async def last_second(clips: Clips) -> float:
    """The length of a clip of the last second, once there is one."""
    async with asyncio.timeout(20):
        while True:
            try:
                return (await clips.take("a", 1.0, None)).seconds
            except (Refused, ViewportGone):
                await asyncio.sleep(0.1)


async def test_what_an_agent_has_filmed_goes_on_after_a_crash(pool: Pool, clips: Clips) -> None:
    with pytest.raises(Refused, match="Nobody watches"):
        await clips.take("a", 1.0, None)
    pool.lease("a")
    assert 0 < await last_second(clips) <= 1.0
    slot = pool.slots["a"]
    assert slot.process is not None
    first = slot.process.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(15):
        while slot.process is None or slot.process.pid == first or slot.state is not State.ACTIVE:
            await asyncio.sleep(0.02)
    assert 0 < await last_second(clips) <= 1.0


async def test_clips_are_bounded(
    pool: Pool, clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    first, second, third = await asyncio.gather(
        *(clips.take("a", None, 0.5) for _ in range(3)), return_exceptions=True
    )
    assert isinstance(third, Busy)
    assert not isinstance(first, BaseException)
    assert not isinstance(second, BaseException)
    assert len(list((tmp_path / "clips").iterdir())) == 1
    assert pool.state("a") is State.DRAINING
    pool.lease("a")
    with pytest.raises(PoolFull):
        await clips.take("b", None, 1.0)
    assert len(list((tmp_path / "clips").iterdir())) == 1
