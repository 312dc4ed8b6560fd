"""What of a world can be read as a resource, without a tool: its state, its names and recipes, FLE's manual."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import ceil, floor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import anyio.to_thread
import mcp_types
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from mcp_servers.observation import status
from mcp_servers.production import Production
from runtime.engine.prototypes import load
from runtime.fork_server import ForkServerError
from runtime.managed_world import ManagedWorld
from runtime.names import names
from runtime.scene_client import CHUNK_TILES
from runtime.world_life import WorldUnavailable

JSON, MARKDOWN = "application/json", "text/markdown"
PAGE = 100
"""Entities on a page."""
AROUND = 50.0
"""Tiles around the character that are shown when no area is asked for."""
WIDEST = 256.0
"""Tiles that an area may be wide and high."""
DIRECTIONS = {0: "up", 4: "right", 8: "down", 12: "left"}
SCENERY = ("tree", "simple-entity", "cliff", "fish", "corpse", "optimized-decorative", "character")
HAVE_RECIPES = ("assembling-machine", "furnace", "rocket-silo")
Area = tuple[float, float, float, float]
DESCRIPTIONS = {
    "status": "Everything at once: position, inventory, what stands and how it is doing, scores, research, alerts.",
    "inventory": "What you carry.",
    "entities": "What stands around you: the first page. For another area or page, see the template.",
    "production": "What was made and used up: in a minute of game time lately, and in all.",
    "research": "What is researched now, and what has been.",
    "recipes": "The names of all recipes.",
    "names": "Every name that tools take: prototypes, resources, technologies, recipes, directions.",
}
TEMPLATES = {
    "factorio://entities{?x0,y0,x1,y1,page}": f"What stands in an area of up to {WIDEST:g} tiles, {PAGE} a page.",
    "factorio://recipes/{name}": "What a recipe takes and makes, and in how many seconds.",
    "factorio://manual/{tool}": "FLE's manual of a tool.",
}


class Resources:
    """The resources of one world.

    Args:
        world: whose.
        production: its rates.
        tools: the description of each tool, for those that FLE has no manual of.
    """

    def __init__(self, world: ManagedWorld, production: Production, tools: Mapping[str, str]) -> None:
        self._world = world
        self._production = production
        self._tools = tools
        self._readers: dict[str, Callable[[], Any]] = {
            "status": self._status,
            "inventory": lambda: self._world.observe()[1].inventory,
            "entities": lambda: self._entities({}),
            "production": self._produced,
            "research": self._research,
            "recipes": lambda: names().recipes,
            "names": lambda: {
                kind: names().of(kind) for kind in ("prototype", "resource", "technology", "recipe")
            },
        }

    async def list(self, _ctx: Any, _params: Any) -> mcp_types.ListResourcesResult:
        """The world's state, and a manual for each tool."""
        state = [
            mcp_types.Resource(uri=f"factorio://{name}", name=name, description=text, mime_type=JSON)
            for name, text in DESCRIPTIONS.items()
        ]
        manuals = [
            mcp_types.Resource(uri=f"factorio://manual/{name}", name=f"manual of {name}", mime_type=MARKDOWN)
            for name in self._tools
        ]
        return mcp_types.ListResourcesResult(resources=[*state, *manuals])

    async def list_templates(self, _ctx: Any, _params: Any) -> mcp_types.ListResourceTemplatesResult:
        """What can be asked for by area or by name."""
        return mcp_types.ListResourceTemplatesResult(
            resource_templates=[
                mcp_types.ResourceTemplate(uri_template=uri, name=uri, description=text)
                for uri, text in TEMPLATES.items()
            ]
        )

    async def read(
        self, _ctx: Any, params: mcp_types.ReadResourceRequestParams
    ) -> mcp_types.ReadResourceResult:
        """The text of a resource. Raises MCPError."""
        uri = str(params.uri)
        try:
            text, kind = await anyio.to_thread.run_sync(self._read, uri)
        except ValueError as error:
            raise MCPError(INVALID_PARAMS, str(error), {"uri": uri[:200]}) from error
        except (WorldUnavailable, ForkServerError) as error:
            raise MCPError(INTERNAL_ERROR, str(error), {"uri": uri[:200]}) from error
        contents = mcp_types.TextResourceContents(uri=uri, text=text, mime_type=kind)
        return mcp_types.ReadResourceResult(contents=[contents])

    def state(self) -> dict[str, Hashable]:
        """What each resource that changes depends on, as last seen; does not wait for the world."""
        summary, details = self._world.summary(), self._world.details()
        self._production.see(details)
        inventory, entities = _items(details.inventory), _items(details.entities)
        return {
            "factorio://status": (summary.activity, summary.score, details.position, inventory, entities),
            "factorio://inventory": inventory,
            "factorio://entities": (entities, str(details.statuses)),
            "factorio://production": _items(details.produced),
            "factorio://research": (details.research, details.research_progress, details.technologies),
        }

    def _read(self, uri: str) -> tuple[str, str]:
        """The text of a resource and its kind. Raises ValueError for one that doesn't exist."""
        parts = urlsplit(uri)
        name, value = parts.netloc, unquote(parts.path.lstrip("/"))
        if parts.scheme == "factorio" and name == "manual":
            return self._manual(value), MARKDOWN
        if parts.scheme == "factorio" and name == "recipes" and value:
            return _json(_recipe(names().find("recipe", value))), JSON
        if parts.scheme == "factorio" and name == "entities" and parts.query:
            return _json(self._entities({key: each[-1] for key, each in parse_qs(parts.query).items()})), JSON
        if parts.scheme != "factorio" or name not in self._readers or value or parts.query:
            raise ValueError(f"There is no resource {uri[:80]!r}: resources/list has them all.")
        return _json(self._readers[name]()), JSON

    def _status(self) -> dict[str, Any]:
        look, details = self._world.observe()
        return status(self._world, look, details)

    def _produced(self) -> dict[str, Any]:
        _, details = self._world.observe()
        self._production.see(details)
        made, used = self._production.per_minute()
        return {
            "tick": details.tick,
            "made_per_minute": made,
            "used_per_minute": used,
            "made": details.produced,
            "used": details.consumed,
        }

    def _research(self) -> dict[str, Any]:
        _, details = self._world.observe()
        return {
            "current": details.research,
            "progress": round(details.research_progress, 3),
            "researched": details.technologies,
        }

    def _entities(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of what stands in an area. Raises ValueError."""
        unknown = query.keys() - {"x0", "y0", "x1", "y1", "page"}
        if unknown:
            raise ValueError(f"{min(unknown)[:60]} is not part of an area: x0, y0, x1, y1 and page are.")
        page = int(_number(query.get("page", "0"), "page"))
        x0, y0, x1, y1 = self._area(query)
        chunks = (
            floor(x0 / CHUNK_TILES),
            floor(y0 / CHUNK_TILES),
            ceil(x1 / CHUNK_TILES),
            ceil(y1 / CHUNK_TILES),
        )
        # The chunks around, too: what stands across their border belongs to the chunk of its middle.
        around = (chunks[0] - 1, chunks[1] - 1, chunks[2] + 1, chunks[3] + 1)
        seen = self._world.scene_changes(around, 0, 0, around)
        rows = [row for chunk in seen["chunks"] or () for row in chunk[4] or ()]
        read = (_thing(row, seen["names"], (x0, y0, x1, y1)) for row in rows)
        things = [thing for thing in read if thing is not None]
        pages = max(1, -(-len(things) // PAGE))
        if not 0 <= page < pages:
            raise ValueError(f"page is {page}; this area has the pages 0 to {pages - 1}.")
        return {
            "tick": seen["tick"],
            "area": {"x0": x0, "y0": y0, "x1": x1, "y1": y1},
            "page": page,
            "pages": pages,
            "count": len(things),
            "entities": things[page * PAGE : (page + 1) * PAGE],
        }

    def _area(self, query: Mapping[str, str]) -> Area:
        if not query.keys() & {"x0", "y0", "x1", "y1"}:
            x, y = self._world.position() or (0.0, 0.0)
            return x - AROUND, y - AROUND, x + AROUND, y + AROUND
        missing = [name for name in ("x0", "y0", "x1", "y1") if name not in query]
        if missing:
            raise ValueError(f"{missing[0]} is missing: an area is x0, y0, x1, y1, in tiles.")
        x0, y0, x1, y1 = (_number(query[name], name) for name in ("x0", "y0", "x1", "y1"))
        if not (0 < x1 - x0 <= WIDEST and 0 < y1 - y0 <= WIDEST):
            raise ValueError(f"x1 and y1 must be greater than x0 and y0, by at most {WIDEST:g} tiles.")
        return x0, y0, x1, y1

    def _manual(self, tool: str) -> str:
        if tool not in self._tools:
            raise ValueError(f"There is no tool {tool[:60]!r}: {', '.join(self._tools)}.")
        package = importlib.util.find_spec("fle")
        assert package is not None
        assert package.submodule_search_locations
        manual = Path(package.submodule_search_locations[0]) / "env" / "tools" / "agent" / tool / "agent.md"
        return manual.read_text() if manual.exists() else f"# {tool}\n\n{self._tools[tool]}\n"


def _thing(row: Sequence[Any], names: Sequence[str], area: Area) -> dict[str, Any] | None:
    """What a row of a scene (`runtime.engine.scene.Scenes.changes`) says; None for what is not in the area or scenery."""
    _, name, x, y, direction, status, *more = row
    prototype = load().entity[names[name]]
    left, top, right, bottom = prototype.collision_box
    if direction % 8 == 4:
        left, top, right, bottom = top, left, bottom, right
    inside = x + right >= area[0] and x + left <= area[2] and y + bottom >= area[1] and y + top <= area[3]
    if not inside or prototype.type in SCENERY:
        return None
    recipe = more[0] if more and prototype.type in HAVE_RECIPES else -1
    told = {"direction": DIRECTIONS.get(direction)}
    told |= {key: names[n] for key, n in (("status", status), ("recipe", recipe)) if n >= 0}
    thing = {"name": names[name], "position": {"x": x, "y": y}}
    return thing | {key: value for key, value in told.items() if value is not None}


def _recipe(name: str) -> dict[str, Any]:
    recipe = load().recipe[name]
    return {
        "name": name,
        "category": recipe.category,
        "seconds": recipe.energy,
        "ingredients": [{"name": each.name, "count": each.amount} for each in recipe.ingredients],
        "products": [{"name": each.name, "count": each.amount} for each in recipe.products],
    }


def _items(counts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(counts.items()))


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text[:40]!r}; it must be a number.") from None
    if not abs(value) <= 1_000_000:
        raise ValueError(f"{name} is {text[:40]!r}; it must be from -1000000 to 1000000.")
    return value


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
