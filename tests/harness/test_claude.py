"""Claude plays a real world through a real gateway; only its API is stood in for."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import claude
from harness.prices import prices
from harness.settings import ClaudeSettings, Settings
from harness.usage import Usage
from tests.fakes.anthropic_api import AnthropicApi, Asked, Failure, Reply, garbled, text, tool
from tests.harness.claude_player import WORLD, Game, crafting, until
from tests.harness.program import up


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with up(tmp_path_factory.mktemp("data"), "--worlds", "1", "--agent", "none", "--speed", "100") as (
        _,
        address,
    ):
        Game(address, Path()).gather(100)
        yield address


@pytest.fixture
def game(address: str, tmp_path: Path) -> Iterator[Game]:
    game = Game(address, tmp_path)
    yield game
    game.over()


def results(asked: Asked) -> list[Any]:
    return asked.blocks("tool_result")


@pytest.mark.parametrize("stream", [True, False])
def test_it_plays_until_its_budget_is_spent_and_all_of_it_is_rows(game: Game, stream: bool) -> None:
    made = game.furnaces()
    thought = {"type": "thinking", "thinking": "A furnace first.", "signature": "s"}
    replies = [
        Reply([thought, text("I make a furnace."), crafting()]),
        Reply([tool("observe"), tool("screenshot", width=64, height=64)]),
        Reply([text("That was that.")]),
    ]
    with AnthropicApi(replies) as api:
        game.play(api, budget_steps=3, stream=stream)
    assert game.furnaces() == made + 1
    assert api.requests[0].body.get("stream", False) is stream
    first, second, third = api.requests
    assert [t["name"] for t in first.body["tools"]][-1] == "memory"
    assert "claim" not in [t["name"] for t in first.body["tools"]]
    assert all("since" not in t.get("input_schema", {}).get("properties", {}) for t in first.body["tools"])
    assert "Factorio" in first.body["system"][0]["text"]
    assert second.body["messages"][1]["content"] == list(replies[0].content)
    (ran,) = results(second)
    assert "is_error" not in ran
    looked, shot = results(third)[1:]
    assert "inventory" in looked["content"][0]["text"]
    assert [block["type"] for block in shot["content"]][-1] == "image"
    run = game.get(f"/api/runs/{next(m['run'] for m in game.messages(game.run()['id']))}")
    assert (run["steps"], run["outcome"]) == (3, "budget: 3 of 3 steps spent")
    rows = game.messages(run["id"])
    assert [m["role"] for m in rows] == ["user", "assistant", "assistant", "assistant", "note"]
    assert [[c["name"] for c in m["calls"]] for m in rows] == [
        [],
        ["run_program"],
        ["observe", "screenshot"],
        [],
        [],
    ]
    assert all(c["ended"] and c["cursor"] for m in rows for c in m["calls"])
    assert rows[-1]["content"][0]["text"] == run["outcome"]
    assert run["dollars"] == pytest.approx(sum(m["dollars"] for m in rows))
    assert run["output_tokens"] == sum(m["output_tokens"] for m in rows) > 0


def test_a_spent_run_is_not_played_on_before_it_may_spend_more(game: Game) -> None:
    with AnthropicApi() as api:
        game.play(api, budget_tokens=1)
        run = game.run()
        assert run["outcome"].startswith("budget: ")
        assert "budget" in game.play(api, budget_tokens=1)
        assert len(api.requests) == 1
        game.play(api, budget_steps=2)
    assert len(api.requests) == 2
    assert game.run()["id"] == run["id"]
    assert "The world as it is now" in api.requests[1].body["messages"][-1]["content"][0]["text"]


def test_dollars_are_counted_by_kind_of_token_and_end_the_run(game: Game) -> None:
    usage = {"input_tokens": 1000, "cache_creation_input_tokens": 2000, "cache_read_input_tokens": 97_000}
    with AnthropicApi([Reply([text("Hm.")], usage=usage | {"output_tokens": 500})]) as api:
        game.play(api, budget_dollars=0.01, price_input=3, price_written=4, price_cached=0.5, price_output=20)
    run = game.run()
    assert run["dollars"] == pytest.approx((1000 * 3 + 2000 * 4 + 97_000 * 0.5 + 500 * 20) / 1e6)
    assert run["cached_share"] == 0.97
    assert "$0.07 of $0.01" in run["outcome"]


def test_nobody_else_acts_while_it_plays(game: Game) -> None:
    seen = []

    def answer(_asked: Asked) -> Reply:
        player = game.call("observe").get("player")
        refused = game.refused("run_program", code="print(1)") if player else None
        seen.append((player, refused))
        return Reply([tool("run_program", code="print(1)")])

    with AnthropicApi(answer) as api:
        game.play(api, budget_steps=2)
    assert [player for player, _ in seen] == [None, "Claude"]
    assert "Claude plays this world" in str(seen[1])
    assert game.call("run_program", code="print(1)")["ok"]
    assert not (game.folder / "claim").exists()


def test_what_a_person_says_and_a_reset_world_reach_it(game: Game) -> None:
    fleet = f"{game.address}/mcp"
    run = game.run()["id"]

    def answer(asked: Asked) -> Reply:
        if len(api.requests) == 0:
            game.call("tell_agent", fleet, name=WORLD, text="Build a lab, please.", sender="Ada")
        if len(api.requests) == 1:
            assert "Build a lab, please." in str(results(asked)[0]["content"])
            game.call("reset_world", fleet, name=WORLD)
        return Reply([tool("observe")])

    with AnthropicApi(answer) as api:
        game.play(api, budget_steps=2)
    assert game.get(f"/api/runs/{run}")["outcome"] == "the world was reset"
    assert game.run()["id"] == run + 1
    # What was said before the reset is no part of the new run.
    assert [len(asked.body["messages"]) for asked in api.requests] == [1, 3, 1, 3]
    game.gather(100)


def test_most_of_what_is_sent_again_comes_from_the_cache(game: Game) -> None:
    with AnthropicApi(lambda asked: Reply([tool("observe")])) as api:
        game.play(api, budget_steps=8)
    run = game.run()
    assert run["cached_share"] > 0.6
    page = httpx.get(f"{game.address}/worlds/{WORLD}").text
    assert run["model"] in page
    assert f"<dt>from the cache</dt><dd>{run['cached_share']:.0%}</dd>" in page
    newest = [m for m in game.messages(run["id"]) if m["role"] == "assistant"][-1]
    assert newest["cached_tokens"] > 0.8 * (
        newest["cached_tokens"] + newest["written_tokens"] + newest["input_tokens"]
    )


def test_it_waits_as_long_as_the_api_asks_and_goes_on_after_failures(game: Game) -> None:
    words = "The reply came through."
    answers = [
        Failure(429, retry_after=0.6),
        Failure(529, retry_after=0.1),
        Failure(500, retry_after=0.1),
        Reply([text("lost on the way"), crafting()], breaks_after=6),
        Reply([text("ended too soon"), crafting()], ends_after=6),
        Reply([text("overloaded"), crafting()], error_after=6),
        Reply([text(words)]),
    ]
    made = game.furnaces()
    with AnthropicApi(answers) as api:
        game.play(api, budget_steps=4)
    assert game.furnaces() == made
    assert api.times[1] - api.times[0] >= 0.6
    said = [m for m in game.messages(game.run()["id"]) if m["role"] == "assistant"]
    assert [m["stop_reason"] for m in said] == ["broken", "broken", "broken", "end_turn"]
    assert all(m["unusable"] and m["dollars"] > 0 and not m["calls"] for m in said[:3])
    assert said[3]["content"] == [text(words)]
    # What broke off is no part of the conversation.
    assert len({len(asked.body["messages"]) for asked in api.requests}) == 1


def test_a_plain_reply_may_break_off_or_be_unusable_too(game: Game) -> None:
    answers = [
        Failure(429, retry_after=0.1),
        Reply([text("lost on the way"), crafting()], breaks_after=1),
        Reply([garbled("run_program", '{"code": ]')]),
        Reply([text("Well.")]),
    ]
    made = game.furnaces()
    with AnthropicApi(answers) as api:
        game.play(api, budget_steps=2, stream=False)
    assert game.furnaces() == made
    said = [m for m in game.messages(game.run()["id"]) if m["role"] == "assistant"]
    assert [m["unusable"] for m in said] == ["the arguments of run_program are no object", None]


def test_calls_that_can_not_be_made_are_answered_in_words(game: Game) -> None:
    made = game.furnaces()
    answers = [
        Reply([tool("fly", x=1)]),
        Reply([tool("run_program", cod="1")]),
        Reply([text("A long one."), crafting()], stop_reason="max_tokens"),
        Reply([tool("memory", command="view", path="/etc")]),
        Reply([tool("memory", command="ponder")]),
        Reply([tool("run_program", code="raise ValueError('no more')")]),
    ]
    with AnthropicApi(answers) as api:
        game.play(api, budget_steps=7)
    assert game.furnaces() == made
    told = results(api.requests[-1])
    assert [r.get("is_error", False) for r in told] == [True] * 5 + [False]
    for result, words in zip(
        told, ["no tool 'fly'", "code", "cut off", "/memories", "memory", "no more"], strict=True
    ):
        assert words in str(result["content"])


def test_replies_that_can_not_be_used_are_asked_for_again_then_the_conversation_begins_anew(
    game: Game,
) -> None:
    bad = [
        Reply([garbled("run_program", '{"code": ]')]),
        Reply([], stop_reason="end_turn"),
        Reply([text("I won't.")], stop_reason="refusal"),
    ]
    with AnthropicApi([Reply([tool("observe")]), *bad, Reply([text("Well.")])]) as api:
        game.play(api, budget_steps=5)
    said = [m for m in game.messages(game.run()["id"]) if m["role"] == "assistant"]
    assert [bool(m["unusable"]) for m in said] == [False, True, True, True, False]
    assert [len(asked.body["messages"]) for asked in api.requests] == [1, 3, 3, 3, 1]
    assert "could not go on: it was refused" in str(api.requests[-1].body["messages"])


def test_reply_after_reply_that_can_not_be_used_ends_the_run(game: Game) -> None:
    run = game.run()["id"]
    with AnthropicApi(lambda _asked: Reply([], stop_reason="refusal")) as api:
        game.play(api)
    assert len(api.requests) == 6
    assert game.get(f"/api/runs/{run}")["outcome"].startswith("failed: ")


def test_a_conversation_that_the_api_does_not_take_begins_anew(game: Game) -> None:
    answers = [Reply([tool("observe")]), Failure(400, "prompt is too long"), Reply([text("Well.")])]
    with AnthropicApi(answers) as api:
        game.play(api, budget_steps=2)
    assert [len(asked.body["messages"]) for asked in api.requests] == [1, 3, 1]
    assert "prompt is too long" in str(api.requests[-1].body["messages"])


def test_a_key_that_is_not_taken_leaves_the_run_open(game: Game) -> None:
    with (
        AnthropicApi([Failure(401, "invalid x-api-key")]) as api,
        pytest.raises(SystemExit, match=str(os.EX_CONFIG)),
    ):
        game.play(api)
    run = game.run()
    assert run["ended"] is None
    assert "invalid x-api-key" in game.messages(run["id"])[-1]["content"][0]["text"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ANTHROPIC_API_KEY", ""), ("CLAUDETORIO_MODEL", "gpt"), ("CLAUDETORIO_BUDGET_STEPS", "many")],
)
def test_settings_that_do_not_do_are_said_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match=str(os.EX_CONFIG)):
        claude.main(["--url", "http://127.0.0.1:9/mcp", "--world", "w", "--folder", str(tmp_path)])
    said = capsys.readouterr().out
    assert variable.removeprefix("CLAUDETORIO_").replace("MODEL", "PRICE_INPUT") in said


def test_old_results_are_left_out_and_the_conversation_is_summarised(game: Game) -> None:
    long = {"input_tokens": 120_000}
    answers = [
        Reply([tool("observe")]),
        Reply([text("On."), tool("observe")], usage=long),
        Reply([text("Well.")]),
    ]
    with AnthropicApi(answers) as api:
        game.play(api, budget_steps=3, compact_at=110_000, clear_at=50_000)
    edits = {
        edit["type"]: edit["trigger"]["value"] for edit in api.requests[0].body["context_management"]["edits"]
    }
    assert edits == {"clear_tool_uses_20250919": 50_000, "compact_20260112": 110_000}
    begins = api.requests[2].body["messages"][0]
    assert (begins["role"], begins["content"][0]["type"]) == ("assistant", "compaction")
    assert len(api.requests[2].body["messages"]) == 2
    run = game.run()
    compacting = game.messages(run["id"])[2]
    # The summary's own tokens are paid for, too.
    assert compacting["input_tokens"] == 240_000
    assert len(game.get(f"/api/runs/{run['id']}/conversation")) == 3


def test_the_oldest_of_many_pictures_are_left_out(game: Game) -> None:
    shots = [tool("screenshot", width=64, height=64) for _ in range(31)]
    with AnthropicApi([Reply(shots)]) as api:
        game.play(api, budget_steps=2)
    shown = ["image" in [part["type"] for part in result["content"]] for result in results(api.requests[1])]
    assert shown == [False] * 10 + [True] * 21


def test_its_memory_outlives_the_process(game: Game) -> None:
    note = "iron is in the north"
    writes = tool("memory", command="create", path="/memories/plan.md", file_text=note)
    reads = tool("memory", command="view", path="/memories/plan.md")
    with AnthropicApi([Reply([writes]), Reply([text("So.")]), Reply([reads]), Reply([text("So.")])]) as api:
        game.play(api, budget_steps=2)
        game.over()
        game.play(api, budget_steps=2)
    assert len(api.requests[2].body["messages"]) == 1
    assert note in str(results(api.requests[3])[0]["content"])


def test_only_one_process_plays_from_a_folder(game: Game) -> None:
    with AnthropicApi() as api, (game.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SystemExit, match=str(os.EX_TEMPFAIL)):
            game.play(api)
    assert not api.requests


def test_what_is_being_said_can_be_read_before_it_is_finished(game: Game) -> None:
    hold, run = threading.Event(), game.run()["id"]
    with AnthropicApi([Reply([text("Let me think about this for a while.")], hold=hold, hold_at=3)]) as api:
        player = threading.Thread(target=game.play, args=(api,), kwargs={"budget_steps": 1})
        player.start()
        until(lambda: (game.get(f"/api/runs/{run}")["draft"] or "").startswith("Let me think"))
        assert "Let me think" in httpx.get(f"{game.address}/worlds/{WORLD}").text
        hold.set()
        player.join()
    assert game.get(f"/api/runs/{run}")["draft"] is None
    assert game.messages(run)[1]["content"][0]["text"].endswith("a while.")


def test_prices_follow_the_model_and_the_settings() -> None:
    million = Usage(input_tokens=90_000, output_tokens=10_000)
    assert prices(ClaudeSettings(model="claude-opus-5-5")).dollars(million) == pytest.approx(0.56)
    assert prices(ClaudeSettings(model="claude-haiku-4-5-20251001", price_output=0)).dollars(million) == 0.09
    long = Usage(cached_tokens=200_000)
    assert prices(ClaudeSettings(model="claude-haiku-5-5")).dollars(long) == pytest.approx(0.2 * 0.05)
    with pytest.raises(ValueError, match="CLAUDETORIO_PRICE_CACHED"):
        prices(ClaudeSettings(model="gpt", price_input=1, price_output=1, price_written=1))


def test_auto_is_claude_when_there_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert Settings(agent="auto").player == "scripted"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    assert [Settings(agent=agent).player for agent in ("auto", "scripted", "none")] == [
        "claude",
        "scripted",
        "none",
    ]


def test_the_documentation_names_each_setting_and_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs" / "claude.md").read_text()
    for name, field in ClaudeSettings.model_fields.items():
        (row,) = [
            line
            for line in page.splitlines()
            if f"| `CLAUDETORIO_{name.upper()}`" in line or f", `CLAUDETORIO_{name.upper()}`" in line
        ]
        if field.default is not None:
            assert f"`{str(field.default).lower()}`" in row, row
