"""What the gateway and a viewport say to each other: lines of JSON over a pair of sockets.

The gateway asks, and each request is answered; a viewport also tells of what happens (`{"told": …}`).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

LONGEST = 1 << 20
"""Bytes in a line."""

Message = dict[str, Any]


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None once the other side is gone."""
    try:
        line = await reader.readline()
    except (ConnectionError, ValueError):
        return None
    if not line.endswith(b"\n"):
        return None
    message: Message = json.loads(line)
    return message


def write(writer: asyncio.StreamWriter, message: Message) -> None:
    """Send a message, if there is still somebody."""
    if not writer.is_closing():
        writer.write(json.dumps(message).encode() + b"\n")
