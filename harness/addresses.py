"""Addresses as URLs."""

from __future__ import annotations

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where this machine reaches a server that listens everywhere."""


def url_of(host: str, port: int) -> str:
    """The URL at which this machine reaches a server listening on `host` and `port`."""
    host = ANY.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
