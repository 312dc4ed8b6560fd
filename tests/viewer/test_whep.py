"""WHEP on a running program: clients by the book, and others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import psutil
import pytest

from tests.harness.program import up
from tests.viewer.browser import new_peer, offer_of, post, watching


class Site:
    """A running program and its processes."""

    def __init__(self, pid: int, address: str) -> None:
        self.pid = pid
        self.address = address

    def viewports(self) -> list[psutil.Process]:
        """The viewports that run."""
        children = psutil.Process(self.pid).children(recursive=True)
        return [child for child in children if "viewer.viewport" in _command(child)]

    def asking(self) -> int:
        """How many connections the worlds have on which they may be asked."""
        worlds = [
            child
            for child in psutil.Process(self.pid).children(recursive=True)
            if any("factorio-embedded" in word for word in _command(child))
        ]
        assert worlds
        return sum(one.status == psutil.CONN_ESTABLISHED for w in worlds for one in w.net_connections("tcp"))


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDETORIO_VIEWPORT_DRAIN_SECONDS", "1")
        worlds = ("--worlds", "2", "--agent", "none", "--viewports", "1")
        with up(tmp_path_factory.mktemp("data"), *worlds) as (process, address):
            yield Site(process.pid, address)


@pytest.fixture
async def http(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.address, timeout=30) as client:
        yield client


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def frames(track: object, count: int) -> list[object]:
    async with asyncio.timeout(20):
        return [await track.recv() for _ in range(count)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_client_that_is_not_ours_watches_and_leaves(
    site: Site, http: httpx.AsyncClient, codec: str
) -> None:
    async with watching(http, "world-1", codec) as watcher:
        assert f" {codec}/90000" in watcher.answer
        seen = await frames(watcher.track, 5)
        assert (seen[-1].width, seen[-1].height) == (1280, 720)  # type: ignore[attr-defined]
        # The lab's floor and paths, not one colour.
        assert seen[-1].to_ndarray(format="gray").std() > 5  # type: ignore[attr-defined]
        assert (await http.get("/api/worlds/world-1")).json()["viewers"] == 1
        assert (await http.delete(watcher.session)).status_code == 200
        assert (await http.get("/api/worlds/world-1")).json()["viewers"] == 0
        assert (await http.delete(watcher.session)).status_code == 404
    await until(lambda: not site.viewports())


async def test_nothing_is_filmed_while_nobody_watches(site: Site, http: httpx.AsyncClient) -> None:
    await until(lambda: not site.viewports())
    before_all = site.asking()
    async with watching(http, "world-1") as watcher:
        await frames(watcher.track, 2)
        assert site.asking() > before_all
        (viewport,) = site.viewports()
        cpu = viewport.cpu_times()
        await frames(watcher.track, 10)
        assert sum(viewport.cpu_times()[:2]) > sum(cpu[:2])
    # Draining: it is still there, and does nothing. Its last viewer said good-bye.
    await until(lambda: _viewers(site) == 0)
    (viewport,) = site.viewports()
    before = sum(viewport.cpu_times()[:2])
    await asyncio.sleep(0.5)
    assert sum(viewport.cpu_times()[:2]) - before < 0.1
    # Then nothing is left of it: no process, and nobody who would ask the world.
    await until(lambda: not site.viewports())
    await until(lambda: site.asking() == before_all)


def _viewers(site: Site) -> int:
    viewers: int = httpx.get(f"{site.address}/api/worlds/world-1").json()["viewers"]
    return viewers


async def test_offers_that_can_not_be_taken_up_are_explained(site: Site, http: httpx.AsyncClient) -> None:
    good = await offer_of(new_peer())
    without = good.replace("H264", "H265").replace("VP8", "VP9")
    for sdp, part in (
        ("", "wants no video"),
        ("v=0", "wants no video"),
        ("hello\r\n", "wants no video"),
        (good.replace("UDP/TLS/RTP/SAVPF 9", "UDP/TLS/RTP/SAVPF x"), "makes sense"),
        (good.replace("a=recvonly", "a=sendonly"), "wants no video"),
        (good.split("m=video")[0], "wants no video"),
        (good.replace("m=video", "m=audio"), "wants no video"),
        (without, "none of the codecs"),
        (good.replace("a=ice-ufrag", "a=ice-nothing"), "ice-ufrag"),
        (good.replace("a=fingerprint", "a=finger"), "fingerprint"),
        (good + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 40, "more than 32 candidates"),
        (good + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 20, "streams"),
    ):
        answer = await post(http, "world-1", sdp)
        assert answer.status_code == 400, (sdp[:200], answer.text)
        assert part in answer.json()["error"], answer.text
    assert (await post(http, "nowhere", good)).status_code == 404
    large = await post(http, "world-1", good + "a=x\r\n" * 20_000)
    assert large.status_code == 413
    wrong = await http.post("/worlds/world-1/whep", content=good, headers={"Content-Type": "text/plain"})
    assert wrong.status_code == 415
    foreign = await http.post(
        "/worlds/world-1/whep", content=good, headers={"Origin": "https://elsewhere.example"}
    )
    assert foreign.status_code == 403


async def test_browsers_may_ask_what_is_allowed(http: httpx.AsyncClient, site: Site) -> None:
    answer = await http.options("/worlds/world-1/whep", headers={"Origin": site.address})
    assert answer.status_code == 204
    assert answer.headers["accept-post"] == "application/sdp"
    assert answer.headers["access-control-allow-origin"] == site.address
    assert "POST" in answer.headers["access-control-allow-methods"]


async def test_candidates_come_later_and_bad_ones_do_no_harm(http: httpx.AsyncClient) -> None:
    async with watching(http, "world-1") as watcher:
        fragment = {"Content-Type": "application/trickle-ice-sdpfrag"}
        for lines, status in (
            ("m=video 9 RTP/AVP 0\r\na=candidate:1 1 udp 2113937151 192.0.2.1 5000 typ host\r\n", 204),
            ("a=candidate:1 1 udp 2113937151 1234.local 5000 typ host\r\na=end-of-candidates\r\n", 204),
            ("a=candidate:nonsense\r\n", 400),
            ("a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n" * 40, 400),
        ):
            answer = await http.patch(watcher.session, content=lines, headers=fragment)
            assert answer.status_code == status, answer.text
        await frames(watcher.track, 5)


async def test_who_dies_or_never_comes_is_forgotten_and_disturbs_nobody(
    site: Site, http: httpx.AsyncClient
) -> None:
    async with watching(http, "world-1") as watcher, watching(http, "world-1") as dying:
        await frames(watcher.track, 2)
        await frames(dying.track, 2)
        # As if its machine had lost power: nothing is said, and nothing answered.
        transport = dying.connection.getTransceivers()[0].receiver.transport.transport
        for protocol in transport._connection._protocols:
            protocol.transport.abort()
        sdp = await offer_of(new_peer())
        answers = await asyncio.gather(*(post(http, "world-1", sdp) for _ in range(100)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {201, 503}
        assert statuses.count(201) <= 16
        assert all(a.headers["retry-after"] == "2" for a in answers if a.status_code == 503)
        (viewport,) = site.viewports()
        assert viewport.num_fds() < 150
        await frames(watcher.track, 20)
        await until(lambda: _viewers(site) == 1, 10)
        await frames(watcher.track, 2)


async def test_who_finds_all_viewports_in_use_has_a_place_in_the_queue(
    site: Site, http: httpx.AsyncClient
) -> None:
    async with watching(http, "world-1") as watcher:
        await frames(watcher.track, 2)
        full = await post(http, "world-2", await offer_of(new_peer()))
        assert full.status_code == 503
        assert full.json()["position"] == 1
        assert full.headers["retry-after"] == "2"
    # Nobody watches world-1 any more: its viewport is taken, though it would be kept for a while.
    await until(lambda: _viewers(site) == 0)
    async with watching(http, "world-2") as watcher:
        await frames(watcher.track, 2)
        assert len(site.viewports()) == 1


async def test_cameras_that_make_no_sense_are_explained(site: Site, http: httpx.AsyncClient) -> None:
    async with watching(http, "world-1") as watcher:
        camera = f"{watcher.session}/camera"
        place = (await http.get(camera)).json()
        assert place.keys() == {"x", "y", "zoom"}
        for aim in (
            "{",
            "[]",
            '{"zoom": 0}',
            '{"zoom": 1e9}',
            '{"zoom": 0.002}',
            '{"x": NaN, "y": 1, "zoom": 1}',
            '{"x": 1, "y": Infinity, "zoom": 1}',
            '{"x": 1, "y": 1e999, "zoom": 1}',
            '{"x": 1e7, "zoom": 1}',
            '{"zoom": 1, "z": 2}',
            "{}",
        ):
            answer = await http.put(camera, content=aim, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, aim
            assert 10 < len(answer.json()["error"]) < 300
        answer = await http.put(camera, json={"x": 1, "y": 2, "zoom": 1})
        assert (answer.status_code, "of your own" in answer.json()["error"]) == (400, True)
        sdp = {"Content-Type": "application/sdp"}
        for query in ("camera=mine", "camera=own&zoom=nan&x=1&y=1", "camera=own&x=1"):
            answer = await http.post(f"/worlds/world-1/whep?{query}", content="v=0", headers=sdp)
            assert answer.status_code == 400, query
        # The only viewport is in use.
        answer = await http.post("/worlds/world-1/whep?camera=own", content="v=0", headers=sdp)
        assert answer.status_code == 503
        assert "position" not in answer.json()
        assert (await http.get(camera)).json() == place
