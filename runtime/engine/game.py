"""One game: a world, the scripts that run in it, the clock, and its data folder."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runtime.engine import save as saves
from runtime.engine.clock import Clock
from runtime.engine.errors import StartError
from runtime.engine.journal import Journal
from runtime.engine.lua.bootstrap import LuaBootstrap, LuaRCON
from runtime.engine.lua.sandbox import LuaError, Sandbox
from runtime.engine.maps import SCENARIOS
from runtime.engine.scene import MOST_TILED, Scenes, read_rect, tiles
from runtime.engine.scripts import Scripts
from runtime.engine.systems.electricity import darkness
from runtime.engine.version import GAME_VERSION
from runtime.engine.views import look, statistics
from runtime.engine.world import World

HEARTBEAT_SECONDS = 0.9  # so that a crash loses at most two seconds of game time at speed 1
SAVE_SECONDS = 120.0
SAVE_COMMANDS = 4000
MOST_OWED_SECONDS = 0.5  # less is made up; a world that is later forgets what it owes, as the game does
SAVE_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
SLICE_TICKS = 600  # the world is advanced by at most so much before the budget is looked at


class Game:
    """What a server plays. Commands come in one at a time; `advance` keeps the world in step with the clock.

    Args:
        scenario: the map of a new world; None when `save` names one.
        seed: of a new world; None: the scenario's own.
        data: folder for saves and journal; a world that is there already goes on where it was. None: nothing is kept.
        save: a save file to start from, written back when the game is closed.
        log: takes a line for the server's log.
        settings: of a new world's map, as in Factorio's `--map-gen-settings` file.

    Raises:
        StartError: there is no such scenario, or a setting is not what it should be.
        SaveError: the save is not one of ours.
    """

    def __init__(
        self,
        scenario: str | None,
        seed: int | None,
        data: Path | None,
        save: Path | None,
        log: Callable[[str], None],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.log = log
        self.clock = Clock()
        self.rcon = LuaRCON()
        self.prelude: list[str] = []
        self._save_file = save
        self._journal = Journal(data) if data is not None else None
        self._written = 0  # commands journalled since the last save
        self._asked: list[str] = []  # names that scripts want saves under
        self._saved_at = self._beat_at = time.monotonic()
        self._replaying = False
        if self._journal is not None and self._journal.number:
            self._restore(saves.loads(self._journal.save_path(self._journal.number).read_bytes()))
            self._journal.open()
            self._replay()
        elif save is not None:
            self._restore(saves.loads(save.read_bytes()))
            self._cut()
        else:
            name = scenario or "default_lab_scenario"
            if name not in SCENARIOS:
                raise StartError(
                    f"there is no scenario {name}: choose one of {', '.join(sorted(SCENARIOS))}."
                )
            self.scenario = name
            begin, usual_seed = SCENARIOS[name]
            self._begin(begin(usual_seed if seed is None else seed, settings or {}))
            self._cut()
        self.clock.anchor(self.world.tick)

    # --- worlds ------------------------------------------------------------------------------------------------

    def _begin(self, world: World) -> None:
        self.world = world
        self.scenes = Scenes(world)
        self.script = LuaBootstrap()
        self.sandbox = Sandbox(seed=world.seed, print_line=self.log)
        self.scripts = Scripts(self)
        world.listener = self.scripts.raise_event
        world.wrap_function = self.sandbox.function
        world.forget = self.sandbox.forget
        world.log = self.log
        world.forget_searches = self.sandbox.forget_searches

    def _restore(self, save: saves.Save) -> None:
        """A save, then the prelude that defines its functions again, then the plain data of `storage` over that."""
        self.scenario = save.scenario
        self._begin(save.world)
        self.prelude = list(save.prelude)
        for source in self.prelude:
            self._run(source)
        self.scripts.restore_storage(save.storage)
        self.sandbox.set_random_state(save.lua["random"])
        self.clock.set_speed(save.speed)
        self.clock.set_paused(save.paused)
        self.clock.set_ticks_to_run(save.ticks_to_run)
        self.clock.anchor(self.world.tick)

    def _save(self) -> bytes:
        return saves.dumps(
            saves.Save(
                world=self.world, storage=self.scripts.plain_storage(), prelude=self.prelude, speed=self.clock.speed,
                paused=self.clock.paused, ticks_to_run=self.clock.ticks_to_run, scenario=self.scenario,
                lua={"random": self.sandbox.random_state()},
            )
        )  # fmt: skip

    def _cut(self) -> None:
        """Save, and begin a new segment of the journal. Only functions that the prelude brings back survive a save."""
        if self._journal is not None:
            self._journal.cut(self._save())
            self._written = 0
            self._saved_at = self._beat_at = time.monotonic()

    def save_to(self, path: Path) -> None:
        """Write a save to a file."""
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(self._save())
        partial.rename(path)

    def save_soon(self) -> None:
        """Save when the present command is done."""
        self._saved_at = float("-inf")

    def save_as(self, name: str) -> str:
        """Save into the data folder's `saves` at once, under a name; says how that went."""
        if self._journal is None:
            return "There is no data folder to save into: start the server with --data."
        if SAVE_NAME.fullmatch(name) is None:
            return "A save is named by up to 100 letters, digits, - and _."
        path = self._journal.folder / "saves" / f"{name}.save"
        try:
            path.parent.mkdir(exist_ok=True)
            self.save_to(path)
        except OSError as error:
            return f"Saving failed: {error.strerror}."
        return f"Saved {path.name}."

    def ask_save(self, name: str) -> None:
        """Save under a name when the present command, or tick, is done. What a journal plays again saves nothing."""
        if not self._replaying and name not in self._asked:
            self._asked.append(name)

    def _save_asked(self) -> None:
        asked, self._asked = self._asked, []
        for name in asked:
            self.log(self.save_as(name))

    def close(self) -> None:
        """End: the save file is written back, the data folder gets a last save."""
        self._catch_up()
        if self._save_file is not None:
            self.save_to(self._save_file)
        if self._journal is not None:
            self._beat()
            if self.prelude_complete():
                self._cut()
            self._journal.close()

    def prelude_complete(self) -> bool:
        """Whether a save would lose no function: scripts defined none, or all of them come back with the prelude."""
        return bool(self.prelude) or not self.scripts.has_functions()

    # --- time --------------------------------------------------------------------------------------------------

    def _run_to(self, tick: int) -> None:
        """Advance the world, calling handlers of ticks as their ticks begin."""
        world = self.world
        while world.tick < tick:
            stop = self.scripts.next_handler_tick(world.tick)
            if stop is None or stop > tick:
                world.advance(tick)
                return
            world.advance(stop - 1)
            world.tick = stop
            self.scripts.call_tick_handlers(stop)
            world.advance(stop)

    def _catch_up(self) -> None:
        """Bring the world to the present tick, or as near as one command's patience allows."""
        self._advance_within(1.0)

    def _advance_within(self, budget_s: float) -> bool:
        """Advance toward the present; False when the budget ran out first. Then time that it can't make up is forgiven."""
        target = self.clock.target()
        world = self.world
        if world.tick < target:
            deadline = time.monotonic() + budget_s
            while world.tick < target:
                self._run_to(min(target, world.tick + SLICE_TICKS))
                if time.monotonic() > deadline:
                    if self.clock.seconds_late(world.tick) > MOST_OWED_SECONDS:
                        self.clock.anchor(world.tick)
                    else:
                        self.clock.anchor_at(world.tick)
                    return False
            self.clock.anchor_at(world.tick)
        return True

    def advance(self, budget_s: float) -> float | None:
        """Bring the world toward the present; seconds until it wants to be called again, or None when time stands."""
        on_time = self._advance_within(budget_s)
        self._save_asked()
        now = time.monotonic()
        if self._journal is not None:
            self._keep(now)
        if not on_time:
            return 0.0
        if self.clock.stands:
            return None
        waits = [] if self._journal is None else [max(0.0, self._beat_at + HEARTBEAT_SECONDS - now)]
        upcoming = self._next_tick()
        if upcoming is not None:
            due = self.clock.seconds_until(upcoming)
            if due is not None:
                # Events close together are done together: nobody looks between them.
                waits.append(max(due, 0.05))
        return min(waits, default=None)

    def tidy(self) -> None:
        """Collect what scripts left, while nobody waits for an answer."""
        self.sandbox.tidy()

    def _keep(self, now: float) -> None:
        """Record the time that passed, and save when it is time for that."""
        if now - self._beat_at >= HEARTBEAT_SECONDS:
            self._beat()
        save_due = now - self._saved_at >= SAVE_SECONDS or self._written >= SAVE_COMMANDS
        if save_due and self.prelude_complete():
            self._cut()

    def _next_tick(self) -> int | None:
        ticks = [
            t
            for t in (self.world.next_event_tick(), self.scripts.next_handler_tick(self.world.tick))
            if t is not None
        ]
        return min(ticks, default=None)

    def _beat(self) -> None:
        """Record that time has passed."""
        assert self._journal is not None
        self._journal.write(self.world.tick)
        self._beat_at = time.monotonic()

    # --- commands ----------------------------------------------------------------------------------------------

    def command(self, text: str) -> str:
        """A console command at the present tick, and what it prints. Commands of our own that only look are not journalled."""
        self._catch_up()
        word, rest = _words(text)
        looking = LOOKS.get(word)
        if looking is not None:
            return looking(self, rest)
        if self._journal is not None and not self._replaying:
            self._journal.write(self.world.tick, text)
            self._written += 1
        before = (self.clock.speed, self.clock.paused)
        answer = self._execute(text)
        if before != (self.clock.speed, self.clock.paused) or self.clock.paused:
            self.clock.anchor_now(self.world.tick)
        self._save_asked()
        return answer

    def _execute(self, text: str) -> str:
        word, rest = _words(text)
        if word in ("/sc", "/silent-command", "/c", "/command", "/measured-command"):
            return self._run(rest)
        if word == "/prelude":
            answer = self._run(rest)
            if rest not in self.prelude:
                self.prelude.append(rest)
            return answer
        if text.startswith("/"):
            return f'Unknown command "{word[1:]}". Use /help to see the list of commands.\n'
        self.log(f"[CHAT] <server>: {text}")
        return ""

    def _run(self, source: str) -> str:
        self.rcon.lines = []
        try:
            self.sandbox.execute(source)
        except LuaError as error:
            self.rcon.lines.append(f"Cannot execute command. Error: {error}")
        lines, self.rcon.lines = self.rcon.lines, []
        return "".join(line + "\n" for line in lines)

    def _replay(self) -> None:
        """Do again what the journal says has happened since the save."""
        assert self._journal is not None
        self._replaying = True
        count = 0
        for tick, text in self._journal.read():
            self._run_to(tick)
            self.clock.anchor(tick)
            if text is not None:
                count += 1
                self._execute(text)
        self._replaying = False
        self.log(
            f"Info Journal: restored tick {self.world.tick} from save {self._journal.number} and {count} commands"
        )

    # --- looking -----------------------------------------------------------------------------------------------

    def state_hash(self) -> str:
        """The hash of everything that decides the world's future."""
        clock = [self.clock.speed, self.clock.paused, self.clock.ticks_left(self.world.tick)]
        return saves.state_hash(self.world, self.scripts.plain_storage(), clock)

    def _tick_line(self, rest: str) -> str:
        return (
            json.dumps({"tick": self.world.tick, "speed": self.clock.speed, "paused": self.clock.paused})
            + "\n"
        )

    def _version_line(self, rest: str) -> str:
        return f"{GAME_VERSION}\n"

    def _time_line(self, rest: str) -> str:
        seconds = self.world.tick // 60
        return f"{seconds // 3600} hours, {seconds // 60 % 60} minutes and {seconds % 60} seconds\n"

    def _statistics_line(self, rest: str) -> str:
        return json.dumps(statistics(self.world)) + "\n"

    def _changes_line(self, rest: str) -> str:
        words = rest.split()
        try:
            rect = read_rect(words[:4])
            known = read_rect(words[6:10]) if words[6:] else rect
            epoch, since = int(words[4]), int(words[5])
        except (ValueError, IndexError):
            return (
                "Use /scene-changes LEFT TOP RIGHT BOTTOM EPOCH VERSION [LEFT TOP RIGHT BOTTOM], in chunks.\n"
            )
        seen = self.scenes.changes(rect, epoch, since, known)
        seen |= {"darkness": darkness(self.world)}
        seen |= {"speed": self.clock.speed, "paused": self.clock.paused, "agents": self.scripts.agents()}
        return json.dumps(seen, separators=(",", ":")) + "\n"

    def _tiles_line(self, rest: str) -> str:
        try:
            rect = read_rect(rest.split(), MOST_TILED)
        except ValueError:
            return f"Use /scene-tiles LEFT TOP RIGHT BOTTOM, in chunks of which there are {MOST_TILED} at most.\n"
        return json.dumps(tiles(self.world, rect), separators=(",", ":")) + "\n"

    def _look_line(self, rest: str) -> str:
        seen = look(self.world, self.scripts.agent_character(), set(rest.split()))
        return json.dumps({**seen, "speed": self.clock.speed, "paused": self.clock.paused}) + "\n"

    def _server_save(self, rest: str) -> str:
        """Save into the data folder: soon, or at once into its folder saves, under the name that is given."""
        if not rest:
            self.save_soon()
            return "Saving the map.\n"
        return self.save_as(rest) + "\n"

    def _hash_line(self, rest: str) -> str:
        return self.state_hash() + "\n"


def _words(text: str) -> tuple[str, str]:
    """A command's first word, and the rest."""
    word, *rest = text.strip().split(maxsplit=1) or ("",)
    return word, rest[0] if rest else ""


# Commands that change nothing in the world, and are not journalled.
LOOKS: dict[str, Callable[[Game, str], str]] = {
    "/state-hash": Game._hash_line,
    "/tick": Game._tick_line,
    "/look": Game._look_line,
    "/statistics": Game._statistics_line,
    "/scene-changes": Game._changes_line,
    "/scene-tiles": Game._tiles_line,
    "/version": Game._version_line,
    "/time": Game._time_line,
    "/save": Game._server_save,
    "/server-save": Game._server_save,
}
