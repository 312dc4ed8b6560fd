"""Who may act in a world: one player at a time, who has claimed it and proves that by a token; others look on."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from runtime.files import write_whole

LEASE_SECONDS = 600.0
"""A claim lapses when its holder has not acted for so long: whoever is gone blocks nobody."""
LONGEST_NAME = 80


class Claimed(ValueError):
    """The world is somebody else's, or a claim can't be made; the message says what to do."""


class Claim(BaseModel):
    """A claim on a world: whose it is, the hash of its token, and when its holder last acted (Unix seconds)."""

    player: str
    token_hash: str
    acted: float


class Claims:
    """The one claim that a world may have; safe to use from any thread.

    Args:
        path: where it is kept, so that it outlives the process that knows it.
        clock: Unix seconds.
        yields: whether a player, by name, is the world's own agent, which gives way to whoever wants to play.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        yields: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._path = path
        self._clock = clock
        self._yields = yields
        self._lock = threading.Lock()
        self._claim: Claim | None = None
        if path.exists():
            # What a crash of the machine left unreadable protects nobody.
            try:
                self._claim = Claim.model_validate_json(path.read_bytes())
            except ValidationError:
                path.unlink()

    @property
    def holder(self) -> str | None:
        """Whose the world is, or None while it is anybody's."""
        with self._lock:
            claim = self._living()
            return claim.player if claim is not None else None

    def claim(self, player: str) -> str:
        """Claim the world for a player; the token that acting takes from now on. Raises Claimed."""
        name = player_name(player)
        with self._lock:
            claim = self._living()
            if claim is not None:
                raise Claimed(f"{claim.player} plays this world. {self._way(claim)}")
            return self._take(name)

    def take_over(self, player: str) -> str:
        """Claim the world though it may be somebody's, whose token is worth nothing from now on. Raises Claimed."""
        name = player_name(player)
        with self._lock:
            return self._take(name)

    def drop(self, player: str) -> None:
        """End a player's claim without its token: they are known to have gone."""
        with self._lock:
            claim = self._living()
            if claim is not None and claim.player.casefold() == player.casefold():
                self._claim = None
                self._path.unlink(missing_ok=True)

    def release(self, token: str | None) -> None:
        """Give the world up. Raises Claimed for a token that is not the holder's."""
        with self._lock:
            claim = self._living()
            if claim is None:
                return
            if not _fits(claim, token):
                raise Claimed(
                    f"Only {claim.player} can release this world, with the token that claim returned."
                )
            self._claim = None
            self._path.unlink(missing_ok=True)

    def check(self, token: str | None) -> None:
        """Whether who has this token, or none, may act now; renews a claim's lease. Raises Claimed."""
        with self._lock:
            claim = self._living()
            if claim is None:
                return
            if not _fits(claim, token):
                what = "needs its token" if token is None else "has another token"
                raise Claimed(f"{claim.player} plays this world, and acting in it {what}. {self._way(claim)}")
            now = self._clock()
            # Not every call writes a file: a tenth of the lease does not matter.
            if now - claim.acted > LEASE_SECONDS / 10:
                self._keep(claim.model_copy(update={"acted": now}))

    def _way(self, claim: Claim) -> str:
        """What somebody else can do who wants to play, in a sentence."""
        if self._yields(claim.player):
            return (
                "To play yourself, call claim with take_over=true and pass the token that it returns when you act: "
                f"{claim.player} waits until you release the world."
            )
        return (
            f"It is free once {claim.player} releases it or has not acted for {LEASE_SECONDS / 60:g} minutes; "
            "until then you can look."
        )

    def _take(self, player: str) -> str:
        token = secrets.token_urlsafe(24)
        self._keep(Claim(player=player, token_hash=_hash(token), acted=self._clock()))
        return token

    def _living(self) -> Claim | None:
        if self._claim is not None and self._clock() - self._claim.acted > LEASE_SECONDS:
            self._claim = None
            self._path.unlink(missing_ok=True)
        return self._claim

    def _keep(self, claim: Claim) -> None:
        self._claim = claim
        write_whole(self._path, claim.model_dump_json().encode())


def player_name(player: str) -> str:
    """A player's name as it is kept. Raises Claimed for what is none."""
    name = player.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Claimed(f"A player's name has 1 to {LONGEST_NAME} printable characters.")
    return name


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _fits(claim: Claim, token: str | None) -> bool:
    return token is not None and hmac.compare_digest(claim.token_hash, _hash(token))
