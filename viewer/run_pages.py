"""The pages of runs, of who gained most in them, and of evals: what an agent can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from viewer.chart import game_time, points, short

MESSAGES_SHOWN = 40
LARGEST_NUMBER = (1 << 31) - 1
Row = dict[str, Any]


class Runs(Protocol):
    """Where runs are read, as the gateway's API has them. Methods raise LookupError with a sentence."""

    def run(self, run_id: int) -> Row: ...
    def messages(self, run_id: int, after: int = ..., limit: int = ...) -> Sequence[Row]: ...
    def leaderboard(self) -> Mapping[str, Sequence[Row]]: ...


def run_pages(runs: Runs, tasks: Mapping[str, str]) -> list[BaseRoute]:
    """The routes, for the gateway to serve; `tasks` are the goals of the eval tasks by name."""
    pages = RunPages(runs, tasks)
    return [
        Route("/runs/{run:int}", pages.run),
        Route("/leaderboard", pages.leaderboard),
        Route("/evals", pages.evals),
    ]


class RunPages:
    """The handlers; all that waits for the database is done on threads."""

    def __init__(self, runs: Runs, tasks: Mapping[str, str]) -> None:
        self._runs = runs
        self._tasks = tasks
        self._templates = Jinja2Templates(directory=Path(__file__).parent / "templates")
        self._templates.env.filters.update(short=short, points=points, game_time=game_time)

    async def run(self, request: Request) -> Response:
        """A run: its sums, and some of its messages with their calls: the newest, or those from `?from=` on."""
        number = request.path_params["run"]
        asked = request.query_params.get("from", "")
        if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 10):
            raise HTTPException(400, f"from is {asked[:40]!r}; it must be the number of a message")
        if number > LARGEST_NUMBER:
            raise HTTPException(404, f"There is no run {str(number)[:40]}.")

        def read() -> Row:
            run = self._runs.run(number)
            newest = max(0, run["messages"] - MESSAGES_SHOWN)
            first = min(int(asked), run["messages"]) if asked else newest
            return {
                "run": run,
                "messages": self._runs.messages(number, first - 1, MESSAGES_SHOWN),
                "first": first,
                "earlier": max(0, first - MESSAGES_SHOWN) if first else None,
                "later": first + MESSAGES_SHOWN if first + MESSAGES_SHOWN < run["messages"] else None,
            }

        try:
            context = await anyio.to_thread.run_sync(read)
        except LookupError as error:
            raise HTTPException(404, str(error)) from error
        return self._templates.TemplateResponse(request, "run.html", context)

    async def leaderboard(self, request: Request) -> Response:
        """Who gained most: in the runs that go on now, and of all time by agent and model."""
        boards = await anyio.to_thread.run_sync(self._runs.leaderboard)
        return self._templates.TemplateResponse(request, "leaderboard.html", {"boards": boards})

    async def evals(self, request: Request) -> Response:
        """The tasks, and how they are run."""
        return self._templates.TemplateResponse(request, "evals.html", {"tasks": self._tasks})
