"""The HTTP API of a running gateway: what `/api/openapi.json` says of it is true, and other sites' pages can't act."""

from __future__ import annotations

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
