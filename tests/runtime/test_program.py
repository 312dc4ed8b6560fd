"""Programs in real program processes, against a world of a few Lua actions."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runtime.broker import Broker
from runtime.channel import Frame
from runtime.fork_server import ForkServer, ForkServerError
from runtime.program_runner import PrintedLine, ProgramResult, ProgramRunner
from tests.runtime.lua_world import LuaWorld

Run = Callable[..., ProgramResult]


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    server = ForkServer()
    server.start()
    yield server
    server.close()


@pytest.fixture
def world() -> LuaWorld:
    return LuaWorld()


@pytest.fixture
def runner(forks: ForkServer, world: LuaWorld) -> Iterator[ProgramRunner]:
    made = ProgramRunner(forks, Broker(world, speed=lambda: world.speed, score=lambda: (1, 1)))
    made.make_ready()
    yield made
    made.close()


@pytest.fixture
def run(runner: ProgramRunner) -> Run:
    return lambda code, timeout_s=10.0: runner.run(code, timeout_s, (0.0, 0.0))


def texts(result: ProgramResult) -> list[str]:
    return [line.text for line in result.lines]


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_prints_come_with_their_lines(run: Run) -> None:
    result = run(
        "print('one')\n"
        "for i in range(2):\n"
        "    print('two', i)\n"
        "with open('/dev/null'):\n"
        "    print('inside with')\n"
        "def f():\n"
        "    print('inside f')\n"
        "f()\n"
    )
    assert result.ok
    assert result.error is None
    assert result.lines == [
        PrintedLine(1, "one"),
        PrintedLine(3, "two 0"),
        PrintedLine(3, "two 1"),
        PrintedLine(4, "inside with"),
        PrintedLine(8, "inside f"),
    ]


def test_calls_with_stars(run: Run) -> None:
    result = run("def f(*a, **k):\n    print(a, k)\nf(*[1, 2], **{'x': 3})\nprint(*[1, 2])")
    assert texts(result) == ["(1, 2) {'x': 3}", "1 2"]


def test_tools_reach_the_world_through_the_broker(run: Run, world: LuaWorld) -> None:
    result = run("print(nearest(Resource.Coal))\nprint(craft_item(Prototype.IronGearWheel, 2))")
    assert result.ok, result
    assert texts(result) == ["x=15.5 y=-0.5", "2"]
    assert [call[0] for call in world.calls()] == ["nearest", "craft_item"]


def test_sleep_costs_its_ticks_once(run: Run, world: LuaWorld) -> None:
    before = world.tick()
    assert run("sleep(60)").ok
    assert 3600 <= world.tick() - before < 5000


def test_variables_and_functions_stay(run: Run) -> None:
    run("import math\na, b = 1, [2]\nn = 7\ndef f(x):\n    return x + n\ng = lambda x: f(x) * 2\n")
    assert texts(run("n = 8\nb.append(3)\nprint(a, b, f(1), g(1), math.pi > 3)")) == ["1 [2, 3] 9 18 True"]


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        ("a = 1\nb = a / 0", 2, "ZeroDivisionError"),
        ("a = 1\n\nunknown_thing(a)", 3, "unknown_thing"),
        ("craft_itm(Prototype.IronGearWheel)", 1, "craft_item"),
        ("a = (\n", 1, "SyntaxError"),
        ("a = 1\nx = [0] * (10 ** 10)", 2, "MemoryError"),
        ("x = []\nwhile True:\n    x.append('y' * 10 ** 7)", 3, "MemoryError"),
        ("import os\nos.fork()", 2, "can't start other processes"),
        ("import os\nos.system('true')", 2, "can't start other processes"),
        ("import subprocess\nsubprocess.run(['true'])", 2, "can't start other processes"),
        ("def f(n):\n    return f(n + 1)\nf(0)", 3, "Line 2 (in f, called from line 3): RecursionError"),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
        ("craft_item(Prototype.RocketSilo, 1)", 1, "Line 1, craft_item: No ingredients"),
        ("print = 3", 1, "Cannot redefine"),
    ],
)
def test_what_goes_wrong_is_told_with_its_line(
    run: Run, world: LuaWorld, code: str, line: int, says: str
) -> None:
    result = run(code)
    assert not result.ok
    assert result.error is not None
    assert says in result.error
    assert result.error_line == line
    assert run("print(nearest(Resource.Coal))").ok


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("sleep(-5)", "sleep takes"),
        ("sleep(10 ** 9)", "not between"),
        ("instance.set_speed(100)", "Only calls of the tools"),
        ("instance.rcon_client.send_command('/c game.speed = 9')", "Only calls of the tools"),
        ("instance.reset()", ""),
        ("craft_item('x' * 20000, 1)", "string longer"),
    ],
)
def test_what_the_broker_refuses_reaches_the_program_as_an_exception(
    run: Run, world: LuaWorld, code: str, says: str
) -> None:
    result = run(f"try:\n    {code}\nexcept Exception as error:\n    print('refused', error)\nprint('on')")
    assert result.ok, result
    first, last = texts(result)
    assert first.startswith("refused")
    assert says in first
    assert last == "on"
    assert not any("speed" in command or "reset" in command for command in world.commands)
    assert not run(code).ok


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("a = 1\nwhile True:\n    pass\n", 3),
        ("def f():\n    while True:\n        pass\nf()", 4),
        ("sleep(3600)", 1),
        ("while True:\n    try:\n        sleep(1)\n    except Exception:\n        pass", 3),
    ],
)
def test_a_program_without_end_is_ended_with_its_line(run: Run, code: str, line: int) -> None:
    run("kept = 5")
    start = time.monotonic()
    result = run(code, timeout_s=0.4)
    assert time.monotonic() - start < 1.2
    assert result.timed_out
    assert result.error_line == line
    assert result.error is not None
    assert "0.4 s" in result.error
    assert texts(run("print(kept)")) == ["5"]


@pytest.mark.parametrize(
    "code",
    [
        "x = 9 ** 9 ** 9",
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass",
        "def f():\n    while True:\n        try:\n            while True:\n                pass\n"
        "        except BaseException:\n            pass\nf()",
    ],
)
def test_a_program_that_does_not_listen_is_killed(run: Run, runner: ProgramRunner, code: str) -> None:
    run("kept = 5")
    before = runner.pid
    start = time.monotonic()
    result = run(code, timeout_s=0.3)
    assert time.monotonic() - start < 2.5
    assert result.timed_out
    assert runner.pid != before
    assert texts(run("print(kept)")) == ["5"]


def test_the_next_process_is_ready_at_once(runner: ProgramRunner, run: Run) -> None:
    run("data = list(range(1000))")
    taken = []
    for _ in range(5):
        assert runner.pid is not None
        os.kill(runner.pid, signal.SIGKILL)
        until(lambda: runner._child is not None and runner._child.channel.ended())
        start = time.monotonic()
        runner.make_ready()
        taken.append(time.monotonic() - start)
        assert texts(run("print(len(data))")) == ["1000"]
    assert min(taken) < 0.1


def test_everything_of_fles_and_of_the_agents_survives_a_killed_process(
    runner: ProgramRunner, run: Run
) -> None:
    first = run(
        "import json, math as m\n"
        "from collections import Counter\n"
        "p = Position(x=1, y=2)\n"
        "kinds = {Prototype.IronPlate: 3, Resource.Coal: Technology.Automation}\n"
        "shared = [1]\n"
        "alias = shared\n"
        "def double(x: int, plus=1) -> int:\n"
        "    '''Twice.'''\n"
        "    return x * 2 + plus\n"
        "def both(x):\n"
        "    return double(x) + len(shared)\n"
        "count = Counter('aab')\n"
        "handle = open('/dev/null')\n"
        "for last in range(3):\n"
        "    pass\n"
    )
    assert first.ok
    assert first.unsaved == ["handle"]
    assert runner.pid is not None
    os.kill(runner.pid, signal.SIGKILL)
    second = run(
        "alias.append(2)\n"
        "print(p, kinds[Prototype.IronPlate], shared, double(3), both(1), count['a'], m.pi > 3, last)\n"
        "print(json.dumps([1]))\n"
        "print(handle)"
    )
    assert texts(second)[:2] == ["x=1.0 y=2.0 3 [1, 2] 7 5 2 True 2", "[1]"]
    assert second.error_line == 4
    assert second.error is not None
    assert "handle" in second.error


def test_the_state_goes_to_another_runner_through_its_file(
    forks: ForkServer, world: LuaWorld, tmp_path: Path
) -> None:
    file = tmp_path / "state"
    first = ProgramRunner(forks, Broker(world, speed=lambda: 1), state_file=file)
    first.run("kept = {'a': 1}", 5, None)
    first.close()
    second = ProgramRunner(forks, Broker(world, speed=lambda: 1), state_file=file)
    assert texts(second.run("print(kept)", 5, None)) == ["{'a': 1}"]
    file.write_bytes(b"garbage")
    third = ProgramRunner(forks, Broker(world, speed=lambda: 1), state_file=file)
    result = third.run("print(1)", 5, None)
    assert texts(result) == ["1"]
    assert "lost" in result.notes[0]
    second.close()
    third.close()


def test_what_every_process_has_anew_is_that_of_the_new_process(
    forks: ForkServer, world: LuaWorld, tmp_path: Path
) -> None:
    file = tmp_path / "state"
    first = ProgramRunner(forks, Broker(world, speed=lambda: 1), state_file=file)
    assert (
        first.run(
            "import math\nkept = [instance, instance.rcon_client, instance.namespace, math]", 20, None
        ).unsaved
        == []
    )
    first.close()
    second = ProgramRunner(forks, Broker(world, speed=lambda: 1), state_file=file)
    same = "[a is b for a, b in zip(kept, [instance, instance.rcon_client, instance.namespace])]"
    assert texts(second.run(f"print({same}, kept[3].floor(1.5))", 20, None)) == ["[True, True, True] 1"]
    second.close()


def test_variables_that_kill_whoever_restores_them_are_dropped(run: Run, runner: ProgramRunner) -> None:
    run("import os\nclass Bomb:\n    def __reduce__(self):\n        return os._exit, (3,)\nbomb = Bomb()\n")
    assert runner.pid is not None
    os.kill(runner.pid, signal.SIGKILL)
    result = run("print('alive')")
    assert texts(result) == ["alive"]
    assert any("lost" in note for note in result.notes)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os\nos._exit(0)", "ended its own process"),
        ("import os\nos.kill(os.getpid(), 9)", "ended its own process"),
        (
            "channel = instance.rcon_client.channel\nchannel._socket.sendall(b'\\xff' * 5)",
            "unknown kind",
        ),
        (
            "channel = instance.rcon_client.channel\n"
            "channel._socket.sendall(b'\\x0b\\x00\\x00\\x00\\x05hello')",
            "not JSON",
        ),
        (
            "channel = instance.rcon_client.channel\nchannel._socket.sendall(b'\\x0a\\xff\\xff\\xff\\xff')",
            "bytes, more than",
        ),
        (
            "channel = instance.rcon_client.channel\nchannel._socket.sendall(b'\\x01\\x00\\x00\\x00\\x00')",
            "out of turn",
        ),
    ],
)
def test_a_process_that_ends_or_breaks_the_protocol_is_replaced(
    run: Run, runner: ProgramRunner, code: str, says: str
) -> None:
    run("kept = 5")
    before = runner.pid
    result = run(code)
    assert not result.ok
    assert result.error is not None
    assert says in result.error
    assert runner.pid != before
    assert texts(run("print(kept)")) == ["5"]


def test_a_program_can_be_ended_from_another_thread(run: Run, runner: ProgramRunner, world: LuaWorld) -> None:
    for code in ("while True:\n    pass", "sleep(86400)"):
        threading.Timer(0.2, runner.cancel).start()
        start = time.monotonic()
        result = run(code, 60)
        assert time.monotonic() - start < 2
        assert result.error == "The program was ended by request."
        assert run("print(1)").ok


def test_endless_printing_is_cut(run: Run) -> None:
    result = run("for i in range(10000):\n    print('x' * 100000)")
    assert result.ok
    assert len(result.lines) <= 2000
    assert sum(map(len, texts(result))) < 300_000


def test_a_program_process_has_its_channel_and_nothing_else(run: Run) -> None:
    result = run(
        "import os\n"
        "fds = {n: os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')\n"
        "       if os.path.exists(f'/proc/self/fd/{n}') or True and os.path.lexists(f'/proc/self/fd/{n}')}\n"
        "print(sorted(v.split(':')[0] for v in fds.values()))\n"
        "print(sorted(os.environ))"
    )
    assert result.ok, result
    kinds = texts(result)[0]
    assert kinds.count("socket") == 1
    assert kinds.count("/dev/null") >= 3
    assert "TOKEN" not in texts(result)[1]


def test_what_a_program_leaves_behind_ends_with_it(
    runner: ProgramRunner, forks: ForkServer, run: Run
) -> None:
    """Past the friendly refusal: a raw fork in a session of its own, which outlives its parent."""
    result = run(
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "def stray():\n"
        "    if libc.fork() == 0:\n"
        "        libc.setsid()\n"
        "        libc.pause()\n"
        "        libc._exit(0)\n"
        "stray()\n"
    )
    assert result.ok, result
    assert forks.pid is not None
    parent = psutil.Process(forks.pid)
    assert len(parent.children(recursive=True)) == 2
    runner.close()
    until(lambda: parent.children(recursive=True) == [])


def test_a_dead_fork_server_is_started_again() -> None:
    server = ForkServer()
    try:
        child = server.fork({"do": "program"})
        child.channel.receive({Frame.READY: 0}, time.monotonic() + 5)
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(child.channel.ended)
        until(lambda: not psutil.pid_exists(child.pid))
        again = server.fork({"do": "program"})
        again.channel.receive({Frame.READY: 0}, time.monotonic() + 5)
        assert server.pid != first
    finally:
        server.close()
    until(lambda: not psutil.pid_exists(again.pid))


def test_a_fork_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "runtime.fle_attach.clean_environment", lambda: {"FLE_TOOLS_DIR": "/nonexistent/tools"}
    )
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(ForkServerError, match="ended while it imported FLE"):
        ForkServer().start()


def test_program_processes_end_with_their_host(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from runtime.fork_server import ForkServer\n"
        "server = ForkServer()\n"
        "child = server.fork({'do': 'program'})\n"
        "print(server.pid, child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    host = psutil.Popen(["python", "-c", script], stdout=-1, executable=__import__("sys").executable)
    try:
        pids = [int(word) for word in host.stdout.readline().split()]
        assert all(psutil.pid_exists(pid) for pid in pids)
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
    until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
