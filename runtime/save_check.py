"""Read a save that may come from anybody: `python -m runtime.save_check SAVE` prints its scenario, or says what is wrong."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

MEMORY_BYTES = 4 << 30
CPU_SECONDS = 50


def main() -> int:
    """The exit code: 0 for a save of a world that FLE has made."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    from runtime.engine.game import Game
    from runtime.engine.save import SaveError, loads

    path = Path(sys.argv[1])
    try:
        save = loads(path.read_bytes())
        created = save.storage.get("claudetorio_created")
        # A save may be read and still not be played: better found here than by a world that starts over and over.
        game = Game(None, None, None, path, lambda line: None)
        game.advance(1.0)
        game.state_hash()
    except SaveError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # whatever a made-up save does to the classes that it names
        print(f"it is no save of a world ({type(error).__name__})", file=sys.stderr)
        return 1
    if not created:
        print("it is of a world that no fleet has made", file=sys.stderr)
        return 1
    print(save.scenario)
    return 0


if __name__ == "__main__":
    sys.exit(main())
