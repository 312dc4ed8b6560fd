"""The HTTP API of a running gateway: what `/api/openapi.json` says of it is true, and other sites' pages can't act."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.harness.program import up

RUN = {"agent": "tester", "model": "none"}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none") as (_, address),
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def described(http: httpx.Client) -> dict[str, Any]:
    document: dict[str, Any] = http.get("/api/openapi.json").json()
    return document


def answered(described: dict[str, Any], path: str, answer: httpx.Response, method: str = "get") -> Any:
    """The JSON of an answer, which must be what the document says of it."""
    told = described["paths"][path][method]["responses"]
    response = told.get(str(answer.status_code), told["default"])
    assert answer.is_error == (response is told["default"]), answer.text
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())
    return answer.json()


def test_what_is_described_is_what_is_answered(http: httpx.Client, described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    answered(described, "/api/openapi.json", http.get("/api/openapi.json"))
    [world] = answered(described, "/api/worlds", http.get("/api/worlds"))
    inside = answered(described, "/api/worlds/{name}", http.get(f"/api/worlds/{world['name']}"))
    assert inside["inventory"] is not None
    answered(described, "/api/worlds/{name}", http.get("/api/worlds/atlantis"))
    answered(
        described, "/api/worlds/{name}/samples", http.get(f"/api/worlds/{world['name']}/samples?limit=5")
    )
    path = "/api/worlds/{name}/runs"
    run = answered(described, path, http.post(f"/api/worlds/{world['name']}/runs", json=RUN), "post")
    answered(described, path, http.post(f"/api/worlds/{world['name']}/runs", json={}), "post")
    answered(described, "/api/runs/{run}", http.get(f"/api/runs/{run['id']}"))
    answered(described, "/api/runs/{run}/messages", http.get(f"/api/runs/{run['id']}/messages?limit=9"))
    board = answered(described, "/api/leaderboard", http.get("/api/leaderboard"))
    assert board["live"][0]["world"] == world["name"]


def test_every_path_and_method_described_is_served(http: httpx.Client, described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        address = path.replace("{run}", "999999").replace("{", "").replace("}", "")
        for method in methods:
            if path == "/api/events":  # never ends
                continue
            assert http.request(method, address).status_code != 405, (method, path)
        refused = http.request("PATCH", address)
        assert refused.status_code == 405, path
        assert "error" in refused.json()


def test_worlds_come_and_go_as_described(http: httpx.Client, described: dict[str, Any]) -> None:
    worlds, copy = "/api/worlds", "/api/worlds/{name}/copy"
    made = http.post(worlds, params={"name": "made", "speed": 50})
    assert answered(described, worlds, made, "post")["speed"] == 50
    for query in ({"name": "made"}, {"name": "Not A Name"}, {}, {"name": "x", "speed": "fast"}):
        refused = http.post(worlds, params=query)
        assert refused.is_client_error
        answered(described, worlds, refused, "post")
    until_running(http, "made")
    assert answered(described, copy, http.post("/api/worlds/made/copy?to=two"), "post")["name"] == "two"
    for deed in ("stop", "start", "reset"):
        if deed == "reset":
            until_running(http, "made")
        path = f"/api/worlds/{{name}}/{deed}"
        answered(described, path, http.post(path.replace("{name}", "made")), "post")
        answered(described, path, http.post(path.replace("{name}", "nowhere")), "post")
    agent = "/api/worlds/{name}/agent"
    for query in ("do=start&agent=scripted", "do=pause", "do=resume"):
        played = answered(described, agent, http.post(f"/api/worlds/made/agent?{query}"), "post")
        assert played["agent"] == "scripted"
    assert answered(described, agent, http.post("/api/worlds/made/agent?do=stop"), "post")["agent"] == "none"
    for query in ("do=dance", "do=start", "do=start&agent=gpt"):
        assert http.post(f"/api/worlds/made/agent?{query}").is_client_error
    told = http.post("/api/worlds/made/messages", json={"text": "Hello.", "sender": "Ada"})
    assert told.status_code == 204
    assert http.post("/api/worlds/made/messages", json={"text": ""}).status_code == 400
    for name in ("made", "two"):
        assert http.delete(f"/api/worlds/{name}").status_code == 204
    assert [world["name"] for world in http.get(worlds).json()] == ["world-1"]


def until_running(http: httpx.Client, name: str) -> None:
    deadline = time.monotonic() + 30
    while http.get(f"/api/worlds/{name}").json()["status"] != "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_save_that_is_too_large_is_refused_before_it_is_sent(http: httpx.Client) -> None:
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), timeout=10) as raw:
        head = f"POST /api/worlds?name=large HTTP/1.1\r\nHost: localhost\r\nContent-Length: {10**12}\r\n\r\n"
        raw.sendall(head.encode())
        assert b" 413 " in raw.recv(1000)
    assert http.get("/api/worlds/large").status_code == 404


def test_saves_are_not_for_pages_of_other_sites(http: httpx.Client) -> None:
    assert http.get("/api/worlds/world-1/save").status_code == 200
    assert http.get("/api/worlds/world-1/save", headers={"Host": "evil.example"}).status_code == 421
    assert http.delete("/api/worlds/world-1", headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({}, 200),
    ],
)
def test_acting_is_not_for_pages_of_other_sites(
    http: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = http.post("/api/worlds/world-1/runs", json=RUN, headers=headers)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert "CLAUDETORIO_ALLOWED_HOSTS" in answer.json()["error"]


def test_the_gateways_own_pages_may_act(http: httpx.Client) -> None:
    own = {"Origin": str(http.base_url).rstrip("/")}
    assert http.post("/api/worlds/world-1/runs", json=RUN, headers=own).status_code == 200
