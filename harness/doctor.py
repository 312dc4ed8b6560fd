"""What this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `state`: "ok", "absent" (works without) or "broken". `advice`: what would help."""

    what: str
    state: str
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one after the other."""
    for look in (_program, _engine, _simulation, _renderer, _factorio, _key):
        yield look()


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing is broken."""
    return all(finding.state != "broken" for finding in findings)


def _program() -> Finding:
    version = importlib.metadata.version("claudetorio")
    return Finding(
        "claudetorio",
        "ok",
        f"{version} on Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores",
    )


def _engine() -> Finding:
    from runtime.engine import prototypes
    from runtime.engine.version import GAME_VERSION

    try:
        count = len(prototypes.load().entity)
    except (RuntimeError, OSError, KeyError) as error:
        return Finding(
            "engine", "broken", f"factorio-embedded can't read its prototypes: {error}", "make env"
        )
    return Finding("engine", "ok", f"factorio-embedded {GAME_VERSION}, {count} kinds of entities")


def _simulation() -> Finding:
    from runtime.compiled import in_use

    if in_use():
        return Finding("simulation", "ok", "compiled")
    compiler = any(shutil.which(name) for name in ("cc", "gcc", "clang"))
    advice = (
        "make compile" if compiler else "install a C compiler (on Debian, apt install gcc), then make compile"
    )
    return Finding("simulation", "absent", "plain Python; compiled it runs about three times as fast", advice)


def _renderer() -> Finding:
    from viewer.renderers.gpu import NoAdapter, adapter_name, choose_adapter, is_software

    try:
        adapter = choose_adapter()
    except NoAdapter as error:
        return Finding("renderer", "absent", f"numpy, on the processor, because {error.why}", error.advice)
    if is_software(adapter):
        return Finding("renderer", "ok", f"numpy, faster than the software adapter {adapter_name(adapter)}")
    return Finding("renderer", "ok", f"gpu: {adapter_name(adapter)}")


def _factorio() -> Finding:
    from viewer.factorio.art import FactorioArt
    from viewer.factorio.installation import Installation, NoPictures, NotFactorio

    home = os.environ.get("FACTORIO_HOME")
    if not home:
        return Finding("Factorio", "absent", "FACTORIO_HOME is not set: our own engine and art are used")
    try:
        art = FactorioArt(Installation(Path(home)))
        files, faults = art.book.files(), art.faults()
    except NoPictures as error:
        return Finding("Factorio", "ok", f"{error}: our own art is used")
    except NotFactorio as error:
        return Finding(
            "Factorio", "broken", f"{error}: our own art is used",
            "set it to the folder of a Factorio 2.0, which has bin, data and config, or unset it",
        )  # fmt: skip
    found = f"{home}, Factorio {art.installation.version}"
    if odd := art.book.odd:
        name = min(odd)
        return Finding(
            "Factorio", "broken",
            f"{found}: {len(odd):,} prototypes can't be read, {name} for one ({odd[name]}); our own art is drawn for them",
            "have Factorio's files verified or installed anew",
        )  # fmt: skip
    if faults:
        why = ", ".join(f"{count:,} {reason}" for reason, count in Counter(faults.values()).most_common(3))
        return Finding(
            "Factorio", "broken",
            f"{found}: {len(faults):,} of {len(files):,} sprite files can't be used ({why}), for one {min(faults)}; "
            "chequered boxes are drawn for them",
            "have Factorio's files verified or installed anew",
        )  # fmt: skip
    return Finding("Factorio", "ok", f"{found}, with all of its {len(files):,} sprite files")


def _key() -> Finding:
    if os.environ.get("ANTHROPIC_API_KEY"):
        return Finding("Claude", "ok", "ANTHROPIC_API_KEY is set")
    return Finding("Claude", "absent", "ANTHROPIC_API_KEY is not set: the built-in player plays")
