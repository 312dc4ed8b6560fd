"""The renderer for anything that WebGPU finds: real GPUs, and Mesa's software ones."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from viewer.atlas import SHEET_SIDE, Atlas, Pixels
from viewer.display_list import WHITE, DisplayList
from viewer.ground import KEPT_PAGES, PAGE, GroundPainter, Page
from viewer.view import View

INSTANCE = np.dtype(
    [("place", "<f4", 4), ("angle", "<f4"), ("cell", "<u4"), ("tint", "<u4"), ("level", "<f4")]
)
"""As the shader reads it: the quad's middle and half its size in pixels."""
CELL_ROW = np.dtype([("box", "<f4", 4), ("sheet", "<u4"), ("pad", "<u4", 3)])
"""As the shader reads it: left, top, right, bottom as shares of a sheet."""
PREFERENCE = ("DiscreteGPU", "IntegratedGPU", "VirtualGPU", "CPU", "Unknown")
WAYS = ("Vulkan", "Metal", "D3D12", "OpenGL")

SHADER = """
struct Instance { place: vec4f, angle: f32, cell: u32, tint: u32, level: f32 };
struct Cell { box: vec4f, sheet: u32, pad1: u32, pad2: u32, pad3: u32 };
struct Out {
    @builtin(position) at: vec4f, @location(0) uv: vec2f, @location(1) @interpolate(flat) layer: u32,
    @location(2) @interpolate(flat) level: f32, @location(3) @interpolate(flat) tint: vec4f,
};
@group(0) @binding(0) var<uniform> size: vec4f;
@group(0) @binding(1) var<storage, read> instances: array<Instance>;
@group(0) @binding(2) var<storage, read> cells: array<Cell>;
@group(0) @binding(3) var atlas: texture_2d_array<f32>;
@group(0) @binding(4) var smoothly: sampler;

@vertex fn vertex(@builtin(vertex_index) corner: u32, @builtin(instance_index) number: u32) -> Out {
    let it = instances[number];
    let unit = vec2f(f32(corner & 1u), f32(corner >> 1u));
    let flat_ = (unit * 2.0 - 1.0) * it.place.zw;
    let turn = it.angle * 6.283185307;
    let c = cos(turn);
    let s = sin(turn);
    let pixel = it.place.xy + vec2f(flat_.x * c - flat_.y * s, flat_.x * s + flat_.y * c);
    var out: Out;
    out.at = vec4f(pixel.x / size.x * 2.0 - 1.0, 1.0 - pixel.y / size.y * 2.0, 0.0, 1.0);
    out.tint = unpack4x8unorm(it.tint);
    out.tint = vec4f(out.tint.rgb * out.tint.a, out.tint.a);
    out.level = it.level;
    let cell = cells[it.cell];
    out.layer = cell.sheet;
    out.uv = mix(cell.box.xy, cell.box.zw, unit);
    return out;
}

@fragment fn fragment(in: Out) -> @location(0) vec4f {
    return textureSampleLevel(atlas, smoothly, in.uv, in.layer, in.level) * in.tint;
}
"""


class NoAdapter(RuntimeError):
    """This machine has nothing that WebGPU could draw with."""


class DeviceLost(RuntimeError):
    """The GPU stopped answering, and starting it anew didn't help."""


def choose_adapter() -> Any:
    """The best adapter of this machine. Raises NoAdapter."""
    # Mesa complains on stderr where there is no such folder, and needs none to draw without a window.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
    try:
        import wgpu
    except (ImportError, OSError) as error:
        raise NoAdapter(f"wgpu can't be loaded: {error}") from error

    def rank(adapter: Any) -> tuple[int, int]:
        kind, way = adapter.info["adapter_type"], adapter.info["backend_type"]
        return (
            PREFERENCE.index(kind) if kind in PREFERENCE else len(PREFERENCE),
            WAYS.index(way) if way in WAYS else len(WAYS),
        )

    adapters = sorted(wgpu.gpu.enumerate_adapters_sync(), key=rank)
    if not adapters:
        raise NoAdapter("there is no GPU, nor a software one: on Debian, apt install mesa-vulkan-drivers")
    return adapters[0]


class GpuRenderer:
    """Draws with WebGPU. The device is made at the first frame, in the process that draws; not for two threads at once.

    Raises:
        NoAdapter: there is nothing to draw with.
    """

    name = "gpu"

    def __init__(self, atlas: Atlas, painter: GroundPainter | None = None) -> None:
        self.atlas = atlas
        self.painter = painter or GroundPainter(atlas)
        self._adapter = choose_adapter()
        info = self._adapter.info
        self.adapter = f"{info['device']} ({info['adapter_type']}) via {info['backend_type']}"
        self.is_software = info["adapter_type"] == "CPU"
        self._device: _Device | None = None

    def draw(self, display_list: DisplayList, view: View) -> Pixels:
        """Draw one frame: uint8[height, width, RGBA], opaque. Raises DeviceLost."""
        import wgpu

        pages = list(self.painter.pages(display_list.ground, view))
        for attempt in (1, 2):
            try:
                if self._device is None:
                    self._device = _Device(self._adapter, self.atlas)
                return self._device.draw(pages, display_list, view)
            except (wgpu.GPUError, RuntimeError) as error:
                self.close()
                # An adapter gives one device only.
                self._adapter = choose_adapter()
                if attempt == 2:
                    raise DeviceLost(f"{self.adapter} stopped drawing: {error}") from error
        raise AssertionError("not reached")

    def close(self) -> None:
        """Give the GPU's memory back; the next frame takes it again."""
        if self._device is not None:
            self._device.device.destroy()
            self._device = None


class _Device:
    """What lives on the GPU: the atlas, the pages of the ground, the frame's quads and its picture."""

    def __init__(self, adapter: Any, atlas: Atlas) -> None:
        import wgpu

        self.wgpu = wgpu
        self.atlas = atlas
        limits = adapter.limits
        wanted = {"max-buffer-size": limits["max-buffer-size"]} if "max-buffer-size" in limits else {}
        self.device = adapter.request_device_sync(required_limits=wanted)
        use = wgpu.TextureUsage
        sheets = len(atlas.levels[0])
        self.sheets = self.device.create_texture(
            size=(SHEET_SIDE, SHEET_SIDE, sheets),
            mip_level_count=len(atlas.levels),
            format=wgpu.TextureFormat.rgba8unorm,
            usage=use.TEXTURE_BINDING | use.COPY_DST,
        )
        for level, pixels in enumerate(atlas.levels):
            side = pixels.shape[1]
            for sheet in range(sheets):
                self._write(self.sheets, np.ascontiguousarray(pixels[sheet]), sheet, level, side)
        self.pages = self.device.create_texture(
            size=(PAGE, PAGE, KEPT_PAGES),
            format=wgpu.TextureFormat.rgba8unorm,
            usage=use.TEXTURE_BINDING | use.COPY_DST,
        )
        self.layers: dict[Page, int] = {}
        self.sampler = self.device.create_sampler(
            mag_filter="linear", min_filter="linear", mipmap_filter="nearest"
        )
        self.cells = self._table(_cell_table(atlas))
        whole = np.zeros(KEPT_PAGES, CELL_ROW)
        whole["box"], whole["sheet"] = (0, 0, 1, 1), np.arange(KEPT_PAGES)
        self.page_cells = self._table(whole)
        self.size = self.device.create_buffer(
            size=16, usage=wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST
        )
        module = self.device.create_shader_module(code=SHADER)
        over = {"src_factor": "one", "dst_factor": "one-minus-src-alpha", "operation": "add"}
        self.pipeline = self.device.create_render_pipeline(
            layout="auto",
            vertex={"module": module, "entry_point": "vertex"},
            primitive={"topology": "triangle-strip"},
            fragment={
                "module": module,
                "entry_point": "fragment",
                "targets": [{"format": "rgba8unorm", "blend": {"color": over, "alpha": over}}],
            },
        )
        self.room = 0
        self.instances: Any = None
        self.bindings: list[Any] = []
        self.picture_size = (0, 0)
        self.picture: Any = None
        self.readback: Any = None
        self._make_room(4096)

    def draw(self, pages: list[Page], display_list: DisplayList, view: View) -> Pixels:
        """One frame, and waits for it."""
        self._make_picture(view.width, view.height)
        rows = np.concatenate((self._lay_pages(pages, view), _lay_quads(self.atlas, display_list, view)))
        self._make_room(len(rows))
        queue = self.device.queue
        queue.write_buffer(self.size, 0, np.array((view.width, view.height, 0, 0), np.float32))
        queue.write_buffer(self.instances, 0, rows)
        encoder = self.device.create_command_encoder()
        drawing = encoder.begin_render_pass(
            color_attachments=[
                {
                    "view": self.picture.create_view(),
                    "load_op": "clear",
                    "store_op": "store",
                    "clear_value": (0, 0, 0, 1),
                }
            ]
        )
        drawing.set_pipeline(self.pipeline)
        # Pages are pictures like others, in a texture of their own.
        for bindings, first, count in (
            (self.bindings[0], 0, len(pages)),
            (self.bindings[1], len(pages), len(rows) - len(pages)),
        ):
            if count:
                drawing.set_bind_group(0, bindings)
                drawing.draw(4, count, 0, first)
        drawing.end()
        stride = self._stride(view.width)
        encoder.copy_texture_to_buffer(
            {"texture": self.picture},
            {"buffer": self.readback, "bytes_per_row": stride},
            (view.width, view.height, 1),
        )
        queue.submit([encoder.finish()])
        self.readback.map_sync("READ")
        try:
            seen = np.frombuffer(self.readback.read_mapped(copy=False), np.uint8)
            out = seen.reshape(view.height, stride // 4, 4)[:, : view.width].copy()
        finally:
            self.readback.unmap()
        out[..., 3] = 255
        return out

    @staticmethod
    def _stride(width: int) -> int:
        """Bytes in a row of what is read back: a multiple of 256."""
        return -(-width * 4 // 256) * 256

    def _make_picture(self, width: int, height: int) -> None:
        if self.picture_size == (width, height):
            return
        wgpu = self.wgpu
        self.picture = self.device.create_texture(
            size=(width, height, 1),
            format=wgpu.TextureFormat.rgba8unorm,
            usage=wgpu.TextureUsage.RENDER_ATTACHMENT | wgpu.TextureUsage.COPY_SRC,
        )
        self.readback = self.device.create_buffer(
            size=self._stride(width) * height, usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
        )
        self.picture_size = (width, height)

    def _make_room(self, count: int) -> None:
        if count <= self.room:
            return
        wgpu = self.wgpu
        self.room = max(count, 2 * self.room)
        self.instances = self.device.create_buffer(
            size=self.room * INSTANCE.itemsize, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST
        )
        self.bindings = [
            self.device.create_bind_group(
                layout=self.pipeline.get_bind_group_layout(0),
                entries=[
                    {"binding": 0, "resource": {"buffer": self.size}},
                    {"binding": 1, "resource": {"buffer": self.instances}},
                    {"binding": 2, "resource": {"buffer": cells}},
                    {"binding": 3, "resource": texture.create_view(dimension="2d-array")},
                    {"binding": 4, "resource": self.sampler},
                ],
            )
            for cells, texture in ((self.page_cells, self.pages), (self.cells, self.sheets))
        ]

    def _table(self, rows: np.ndarray[Any, Any]) -> Any:
        return self.device.create_buffer_with_data(data=rows, usage=self.wgpu.BufferUsage.STORAGE)

    def _lay_pages(self, pages: list[Page], view: View) -> np.ndarray[Any, Any]:
        rows = np.zeros(len(pages), INSTANCE)
        for row, page in zip(rows, pages, strict=True):
            layer = self._layer(page, pages)
            # On whole pixels, so that pages meet without a seam.
            left, top = (round(p) for p in view.pixel(page.x, page.y))
            right, bottom = (round(p) for p in view.pixel(page.x + page.tiles, page.y + page.tiles))
            row["place"] = (
                (left + right) / 2,
                (top + bottom) / 2,
                (right - left) / 2,
                (bottom - top) / 2,
            )
            row["cell"], row["tint"] = layer, WHITE
        return rows

    def _layer(self, page: Page, needed: list[Page]) -> int:
        """Where the page lies among those on the GPU; put there if it is not."""
        if (layer := self.layers.get(page)) is not None:
            return layer
        if len(self.layers) < KEPT_PAGES:
            layer = len(self.layers)
        else:
            shown = set(needed)
            gone = next(old for old in self.layers if old not in shown)
            layer = self.layers.pop(gone)
        self.layers[page] = layer
        self._write(self.pages, page.pixels, layer, 0, PAGE)
        return layer

    def _write(self, texture: Any, pixels: Pixels, layer: int, level: int, side: int) -> None:
        self.device.queue.write_texture(
            {"texture": texture, "origin": (0, 0, layer), "mip_level": level},
            pixels,
            {"bytes_per_row": side * 4, "rows_per_image": side},
            (side, side, 1),
        )


def _cell_table(atlas: Atlas) -> np.ndarray[Any, Any]:
    """The cells as the shader reads them."""
    out = np.zeros(len(atlas.cells), CELL_ROW)
    cells = atlas.cells
    for i, side in enumerate(
        (cells["left"], cells["top"], cells["left"] + cells["width"], cells["top"] + cells["height"])
    ):
        out["box"][:, i] = side / SHEET_SIDE
    out["sheet"] = cells["sheet"]
    return out


def _lay_quads(atlas: Atlas, display_list: DisplayList, view: View) -> np.ndarray[Any, Any]:
    """The quads that are in view, back to front, in pixels."""
    quads = display_list.quads
    scale = view.scale
    x = (quads["x"] - view.x) * scale + view.width / 2
    y = (quads["y"] - view.y) * scale + view.height / 2
    reach_x = np.where(quads["angle"] == 0, quads["w"], quads["w"] + quads["h"]) * (scale / 2)
    reach_y = np.where(quads["angle"] == 0, quads["h"], quads["w"] + quads["h"]) * (scale / 2)
    seen = (x + reach_x > 0) & (x - reach_x < view.width) & (y + reach_y > 0) & (y - reach_y < view.height)
    chosen = np.flatnonzero(seen)
    chosen = chosen[np.argsort(quads["order"][chosen], kind="stable")]
    rows = np.zeros(len(chosen), INSTANCE)
    shown = quads[chosen]
    rows["place"][:, 0], rows["place"][:, 1] = x[chosen], y[chosen]
    rows["place"][:, 2], rows["place"][:, 3] = shown["w"] * (scale / 2), shown["h"] * (scale / 2)
    for name in ("angle", "cell", "tint"):
        rows[name] = shown[name]
    width = atlas.cells["width"][shown["cell"]]
    smaller = np.maximum(width / np.maximum(shown["w"] * scale, 0.01), 1)
    # Half a level sharper than exact: a picture a little too sharp is better than a blurred one.
    rows["level"] = np.clip(np.round(np.log2(smaller) - 0.2), 0, len(atlas.levels) - 1)
    return rows
