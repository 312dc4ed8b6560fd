"""Icons of what is put down in the world: the thing's own picture, made to fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from PIL import Image, ImageFilter

from viewer.art.inserters import COLOURS as INSERTERS
from viewer.art.palette import TIERS
from viewer.atlas import Picture

SIDE = 64
EDGE = 4
BODIES = (
    "burner-mining-drill", "electric-mining-drill", "pumpjack", "stone-furnace", "steel-furnace", "electric-furnace",
    "assembling-machine-1", "assembling-machine-2", "assembling-machine-3", "chemical-plant", "oil-refinery",
    "centrifuge", "lab", "rocket-silo", "pipe-to-ground", "pump", "offshore-pump", "storage-tank", "boiler",
    "heat-exchanger", "steam-engine", "steam-turbine", "solar-panel", "accumulator", "nuclear-reactor",
    "small-electric-pole", "medium-electric-pole", "big-electric-pole", "substation", "power-switch", "small-lamp",
    "wooden-chest", "iron-chest", "steel-chest", "active-provider-chest", "passive-provider-chest", "storage-chest",
    "buffer-chest", "requester-chest", "infinity-chest", "radar", "beacon", "roboport", "constant-combinator",
    "arithmetic-combinator", "decider-combinator", "selector-combinator", "display-panel", "programmable-speaker",
    "cargo-landing-pad", "gate", "gun-turret", "laser-turret", "flamethrower-turret", "artillery-turret", "land-mine",
    "locomotive", "cargo-wagon", "fluid-wagon", "artillery-wagon", "car", "tank", "spidertron",
    "construction-robot", "logistic-robot", "train-stop", "rail-signal", "rail-chain-signal",
)  # fmt: skip
# Parts that the picture of a body lacks.
MORE = ("/moving", "/moving/0/0", "/beam/0/0", "/gun")
OTHERS: dict[str, tuple[str, ...]] = {
    "pipe": ("pipe/10",),
    "infinity-pipe": ("pipe/15",),
    "heat-pipe": ("heat-pipe/10",),
    "heat-interface": ("heat-pipe/15",),
    "stone-wall": ("stone-wall/10",),
    "rail": ("straight-rail/0/bed", "straight-rail/0"),
    "one-way-valve": ("valve/0",),
    "overflow-valve": ("valve/1",),
    "top-up-valve": ("valve/3",),
    "burner-generator": ("steam-engine/0", "steam-engine/moving/0/0"),
    "electric-energy-interface": ("accumulator",),
    "infinity-cargo-wagon": ("cargo-wagon",),
    "bottomless-chest": ("infinity-chest",),
    "linked-chest": ("infinity-chest",),
    "proxy-container": ("infinity-chest",),
    "lane-splitter": ("splitter/0",),
    "linked-belt": ("underground-belt/in/0",),
    "simple-entity-with-force": ("wreck",),
    "simple-entity-with-owner": ("wreck",),
    **{name: (f"{name}/0", f"{name}/arm", f"{name}/hand") for name in INSERTERS},
    **{f"{tier}transport-belt": (f"{tier}transport-belt/straight/1/0",) for tier in TIERS},
    **{
        f"{tier}underground-belt": (f"{tier}transport-belt/straight/0/0", f"{tier}underground-belt/in/0")
        for tier in TIERS
    },
    **{f"{tier}splitter": (f"{tier}splitter/0",) for tier in TIERS},
    **{f"{tier}loader": (f"{tier}underground-belt/out/0",) for tier in TIERS},
}


def pictures(drawn: Mapping[str, Picture]) -> Iterator[Picture]:
    """ "item/NAME" of everything that becomes an entity."""
    for name in BODIES:
        body = [part for part in (name, f"{name}/0") if part in drawn][:1]
        yield _fitted(f"item/{name}", drawn, [*body, *(name + m for m in MORE if name + m in drawn)])
    for name, parts in OTHERS.items():
        yield _fitted(f"item/{name}", drawn, list(parts))


def _fitted(name: str, drawn: Mapping[str, Picture], parts: list[str]) -> Picture:
    placed = [drawn[part] for part in parts]
    halves = [
        (abs(p.dx) + p.pixels.shape[1] / p.scale / 2, abs(p.dy) + p.pixels.shape[0] / p.scale / 2)
        for p in placed
    ]
    half_w, half_h = max(h[0] for h in halves), max(h[1] for h in halves)
    scale = (SIDE - 2 * EDGE) / 2 / max(half_w, half_h)
    out = Image.new("RGBa", (SIDE, SIDE))
    for p in placed:
        h, w = p.pixels.shape[:2]
        image = Image.frombytes("RGBa", (w, h), np.ascontiguousarray(p.pixels).tobytes())
        size = (max(1, round(w * scale / p.scale)), max(1, round(h * scale / p.scale)))
        layer = Image.new("RGBa", (SIDE, SIDE))
        corner = (
            round(SIDE / 2 + p.dx * scale - size[0] / 2),
            round(SIDE / 2 + p.dy * scale - size[1] / 2),
        )
        layer.paste(image.resize(size, Image.Resampling.BOX), corner)
        out = _over(layer, out)
    dark = out.getchannel("a").filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(1))
    under = Image.merge(
        "RGBa", (*(Image.new("L", (SIDE, SIDE), 0) for _ in range(3)), dark.point(lambda a: a * 0.75))
    )
    return Picture(name, np.asarray(_over(out, under)).copy(), SIDE)


def _over(above: Image.Image, below: Image.Image) -> Image.Image:
    a, b = (
        np.frombuffer(i.tobytes(), np.uint8).reshape(SIDE, SIDE, 4).astype(np.uint16) for i in (above, below)
    )
    laid = np.minimum(a + b * (255 - a[..., 3:]) // 255, 255).astype(np.uint8)
    return Image.frombytes("RGBa", (SIDE, SIDE), laid.tobytes())
