"""FLE's own tools, declared: their names and parameters are FLE's; what they do is done by FLE in the world.

`mcp_servers.tool.tools_of` makes MCP tools of them; `ManagedWorld.call_tool` checks what they are given and runs
them. FLE's `print`, `score` and `send_message` are done by the server itself (`mcp_servers.world_tools`).
"""

from __future__ import annotations

from typing import Any, Protocol

from mcp_servers.arguments import Box, Direction, Entity, Names, Position
from mcp_servers.results import Amount, Area, Patch, Point, Recipe, Thing
from mcp_servers.tool import acts, looks

PIPE: Names = ["pipe"]


class FleTools(Protocol):
    """What FLE gives to agents. An `Entity` is named by where it stands: `{x, y}`, with its name if in doubt."""

    # --- looking -----------------------------------------------------------------------------------------

    @looks
    def nearest(self, type: str) -> Point:
        """Where the nearest resource (iron-ore, copper-ore, coal, stone, wood, water, crude-oil) or thing is.

        Example: nearest(type="iron-ore")
        """

    @looks
    def get_resource_patch(self, resource: str, position: Position, radius: float = 30) -> Patch:
        """Size and bounding box of a resource patch.

        Example: get_resource_patch(resource="coal", position={"x":19,"y":75})
        """

    @looks
    def get_entities(
        self, entities: Names | None = None, position: Position | None = None, radius: float = 1000
    ) -> list[Thing]:
        """What you have built, with status and contents; belts, pipes, poles as groups.

        Example: get_entities(entities=["stone-furnace"], position={"x":20,"y":75}, radius=30)
        """

    @looks
    def get_entity(self, entity: str, position: Position) -> Thing:
        """A thing that stands there, with status, contents, drop position.

        Example: get_entity(entity="stone-furnace", position={"x":20,"y":75})
        """

    @looks
    def inspect_inventory(self, entity: Entity | None = None, all_players: bool = False) -> Any:
        """Item counts of your inventory, or of what stands at `entity`.

        Example: inspect_inventory(entity={"x":20,"y":75})
        """

    @looks
    def get_prototype_recipe(self, prototype: str) -> Recipe:
        """What something is made of.

        Example: get_prototype_recipe(prototype="automation-science-pack")
        """

    @looks
    def get_research_progress(self, technology: str | None = None) -> list[Amount]:
        """The science packs still missing for a technology, or for the current one.

        Example: get_research_progress(technology="automation")
        """

    @acts(idempotent=True)
    def can_place_entity(self, entity: str, position: Position, direction: Direction = "up") -> bool:
        """Whether a thing that you carry can be placed there.

        Example: can_place_entity(entity="burner-mining-drill", position={"x":20,"y":75})
        """

    @looks
    def nearest_buildable(self, entity: str, building_box: Box, center_position: Position) -> Area:
        """The nearest free area of that size: on ore for a drill, at water for a pump.

        Example: nearest_buildable(entity="offshore-pump", building_box={"width":1,"height":2},
        center_position={"x":0,"y":0})
        """

    @acts(idempotent=True)
    def get_connection_amount(self, source: Entity, target: Entity, connection_type: Names = PIPE) -> int:
        """How many belts, pipes or poles connect_entities would need. You go there.

        Example: get_connection_amount(source={"x":1,"y":2}, target={"x":9,"y":2})
        """

    # --- acting ------------------------------------------------------------------------------------------

    @acts(idempotent=True)
    def move_to(self, position: Position) -> Point:
        """Walk to a position. You reach 10 tiles around you, and mine 2.7.

        Example: move_to(position={"x":20,"y":75})
        """

    @acts(destroys=True)
    def harvest_resource(self, position: Position, quantity: int = 1, radius: float = 10) -> int:
        """Mine ore, wood or stone by hand, within 2.7 tiles of you.

        Example: harvest_resource(position={"x":20,"y":75}, quantity=10)
        """

    @acts()
    def craft_item(self, entity: str, quantity: int = 1) -> int:
        """Craft by hand, ingredients' ingredients too.

        Example: craft_item(entity="stone-furnace", quantity=2)
        """

    @acts()
    def place_entity(
        self,
        entity: str,
        position: Position,
        direction: Direction = "up",
        exact: bool = True,
    ) -> Thing:
        """Place a thing that you carry. With exact=false: at the nearest place where it fits.

        Example: place_entity(entity="burner-mining-drill", position={"x":20,"y":75}, direction="down")
        """

    @acts()
    def place_entity_next_to(
        self,
        entity: str,
        reference_position: Position,
        direction: Direction = "right",
        spacing: int = 0,
    ) -> Thing:
        """Place a thing beside another, `spacing` tiles away. An inserter then takes from it: rotate it to feed it.

        Example: place_entity_next_to(entity="burner-inserter", reference_position={"x":20,"y":75},
        direction="down")
        """

    @acts()
    def connect_entities(
        self, source: Entity, target: Entity, connection_type: Names, dry_run: bool = False
    ) -> Any:
        """Lay belts, pipes or poles that you carry from one place or (named) thing to another.

        Example: connect_entities(source={"x":1,"y":2,"name":"boiler"}, target={"x":9,"y":2},
        connection_type="pipe")
        """

    @acts()
    def insert_item(self, entity: str, target: Entity, quantity: int = 5) -> Thing:
        """Put items that you carry into a thing: fuel, ingredients, science packs.

        Example: insert_item(entity="coal", target={"x":20,"y":75}, quantity=5)
        """

    @acts()
    def extract_item(self, entity: str, source: Entity, quantity: int = 5) -> int:
        """Take items out of a thing.

        Example: extract_item(entity="iron-plate", source={"x":20,"y":75}, quantity=10)
        """

    @acts(idempotent=True)
    def rotate_entity(self, entity: Entity, direction: Direction = "up") -> Thing:
        """Turn a thing to a direction; an inserter drops in its direction.

        Example: rotate_entity(entity={"x":20,"y":75}, direction="left")
        """

    @acts(destroys=True)
    def pickup_entity(self, entity: str | Entity, position: Position | None = None) -> bool:
        """Take a thing back into your inventory, with what is in it.

        Example: pickup_entity(entity="stone-furnace", position={"x":20,"y":75})
        """

    @acts(destroys=True)
    def shift_entity(self, entity: Entity, direction: Direction, distance: int = 1) -> Thing:
        """Move a thing by some tiles.

        Example: shift_entity(entity={"x":20,"y":75}, direction="up", distance=2)
        """

    @acts(idempotent=True)
    def set_entity_recipe(self, entity: Entity, prototype: str) -> Thing:
        """Say what a machine makes.

        Example: set_entity_recipe(entity={"x":20,"y":75}, prototype="iron-gear-wheel")
        """

    @acts(idempotent=True)
    def set_research(self, technology: str) -> list[Amount]:
        """Choose what is researched.

        Example: set_research(technology="automation")
        """

    @acts(destroys=True)
    def launch_rocket(self, silo: Entity) -> Thing:
        """Launch the rocket of a silo.

        Example: launch_rocket(silo={"x":20,"y":75})
        """

    @acts()
    def sleep(self, seconds: float) -> bool:
        """Let game time pass, for machines to work.

        Example: sleep(seconds=30)
        """
