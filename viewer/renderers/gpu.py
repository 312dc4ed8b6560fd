"""The renderer for anything that WebGPU finds: real GPUs, and Mesa's software ones."""

from __future__ import annotations

import itertools
import math
import os
import tempfile
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from viewer.atlas import SHEET_SIDE, Atlas, Pixels
from viewer.display_list import WHITE, DisplayList
from viewer.ground import PAGE, GroundPainter, Page
from viewer.night import shade
from viewer.view import View

T = TypeVar("T")

SPRITE = np.dtype(
    [
        ("middle", "<f4", 2), ("level", "<f4"), ("sheet", "<u4"), ("axes", "<f4", 4), ("box", "<f4", 4),
        ("tint", "<u4"), ("padding", "<u4", 3),
    ]
)  # fmt: skip
"""As the shader reads it: the quad's middle and half its sides in pixels, the picture's left, top, right and bottom in
pixels of its sheet at its level of detail."""
QUICK_FROM = 8000
"""Quads in a picture from which on a software adapter takes the nearest pixel of each picture."""
PARTS = 3
"""In which so many quads are drawn, one after the other."""
LOOK_SECONDS, FRAME_SECONDS = 20.0, 30.0
"""For how long at most adapters are looked for, and a frame is waited for; a software adapter takes two for its first."""
PREFERENCE = ("DiscreteGPU", "IntegratedGPU", "VirtualGPU", "CPU", "Unknown")
WAYS = ("Vulkan", "Metal", "D3D12", "OpenGL")

SHADER = """
struct Sprite { middle: vec2f, level: f32, sheet: u32, axes: vec4f, box: vec4f, tint: u32 };
// Nothing is flat: Mesa's software would then fill triangles instead of rectangles, at twice the cost.
struct Out {
    @builtin(position) at: vec4f, @location(0) uv: vec2f, @location(1) which: vec2f, @location(2) tint: vec4f,
};
@group(0) @binding(0) var<uniform> size: vec4f;
@group(0) @binding(1) var sheets: texture_2d_array<f32>;
@group(0) @binding(2) var smoothly: sampler;
@group(0) @binding(3) var<storage, read> sprites: array<Sprite>;

@vertex fn vertex(@builtin(vertex_index) number: u32) -> Out {
    let it = sprites[number >> 2u];
    let corner = number & 3u;
    let unit = vec2f(f32(corner & 1u), f32(corner >> 1u));
    let side = unit * 2.0 - 1.0;
    let pixel = it.middle + side.x * it.axes.xy + side.y * it.axes.zw;
    var out: Out;
    out.at = vec4f(pixel.x / size.x * 2.0 - 1.0, 1.0 - pixel.y / size.y * 2.0, 0.0, 1.0);
    out.uv = mix(it.box.xy, it.box.zw, unit);
    out.which = vec2f(f32(it.sheet), it.level);
    let tint = unpack4x8unorm(it.tint);
    out.tint = vec4f(tint.rgb * tint.a, tint.a);
    return out;
}

@fragment fn smooth_(in: Out) -> @location(0) vec4f {
    let uv = in.uv / vec2f(textureDimensions(sheets, u32(in.which.y + 0.5)));
    return textureSampleLevel(sheets, smoothly, uv, u32(in.which.x + 0.5), in.which.y) * in.tint;
}

@fragment fn quick(in: Out) -> @location(0) vec4f {
    return textureLoad(sheets, vec2i(in.uv), i32(in.which.x + 0.5), i32(in.which.y + 0.5)) * in.tint;
}
"""


class NoAdapter(RuntimeError):
    """This machine has nothing that WebGPU could draw with: why, and what would help."""

    def __init__(self, why: str, advice: str) -> None:
        super().__init__(f"{why}: {advice}")
        self.why, self.advice = why, advice


class DeviceLost(RuntimeError):
    """The GPU stopped drawing, and starting it anew didn't help."""


class NoAnswer(DeviceLost):
    """The GPU, or its driver, has not answered for so long that nobody waits for it any more."""


def in_time(what: str, seconds: float, work: Callable[[], T]) -> T:
    """What a call of a driver gives, which may never come back. Raises what it raises, and NoAnswer."""
    done: list[T | BaseException] = []

    def call() -> None:
        try:
            done.append(work())
        except BaseException as error:
            done.append(error)

    # A thread that hangs in a driver can't be stopped; it must not keep the process from ending.
    thread = threading.Thread(target=call, name="gpu", daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise NoAnswer(f"{what} has not answered for {seconds:g} seconds")
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


def choose_adapter() -> Any:
    """The best adapter of this machine. Raises NoAdapter."""
    # Mesa complains on stderr where there is no such folder, and needs none to draw without a window.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
    try:
        import wgpu
    except (ImportError, OSError) as error:
        raise NoAdapter(f"wgpu can't be loaded ({error})", "make env") from error

    def rank(adapter: Any) -> tuple[int, int]:
        kind, way = adapter.info["adapter_type"], adapter.info["backend_type"]
        return (
            PREFERENCE.index(kind) if kind in PREFERENCE else len(PREFERENCE),
            WAYS.index(way) if way in WAYS else len(WAYS),
        )

    try:
        found = in_time("WebGPU", LOOK_SECONDS, wgpu.gpu.enumerate_adapters_sync)
    except NoAnswer as error:
        raise NoAdapter(str(error), "have the GPU's driver looked at, or restart the machine") from error
    adapters = sorted(found, key=rank)
    if not adapters:
        raise NoAdapter("there is no GPU, nor a software one", "on Debian, apt install mesa-vulkan-drivers")
    return adapters[0]


def is_software(adapter: Any) -> bool:
    """Whether an adapter only stands in for a GPU, on the processor."""
    return bool(adapter.info["adapter_type"] == "CPU")


def adapter_name(adapter: Any) -> str:
    """An adapter for people: what it is, and by which interface."""
    info = adapter.info
    return f"{info['device']} ({info['adapter_type']}) via {info['backend_type']}"


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
        self.adapter = adapter_name(self._adapter)
        self._device: _Device | None = None
        self._hangs = False

    def draw(self, display_list: DisplayList, view: View) -> Pixels:
        """Draw one frame: uint8[height, width, RGBA], opaque. Raises DeviceLost, at the latest after FRAME_SECONDS."""
        import wgpu

        if self._hangs:
            raise NoAnswer(f"{self.adapter} has not answered earlier")
        pages = self.painter.pages(display_list.ground, view)

        def frame() -> Pixels:
            if self._device is None:
                self._device = _Device(self._adapter, self.atlas)
            return self._device.draw(pages, display_list, view)

        for attempt in (1, 2):
            try:
                drawn = in_time(self.adapter, FRAME_SECONDS, frame)
                return shade(drawn, display_list.lights, display_list.darkness, view)
            except NoAnswer:
                # It is still at it: what it holds can't be given back.
                self._hangs, self._device = True, None
                raise
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
        sheets = atlas.drawn_sheets
        # With OpenGL, six layers would be taken for the sides of a cube.
        layers = sheets + (sheets == 1 or sheets % 6 == 0)
        self.sheets = self.device.create_texture(
            size=(SHEET_SIDE, SHEET_SIDE, layers),
            mip_level_count=len(atlas.levels),
            format=wgpu.TextureFormat.rgba8unorm,
            usage=use.TEXTURE_BINDING | use.COPY_DST,
        )
        for level, pixels in enumerate(atlas.levels):
            side = pixels.shape[1]
            for sheet in range(sheets):
                self._write(self.sheets, np.ascontiguousarray(pixels[sheet]), sheet, level, side)
        self.pages: Any = None
        self.page_room = 0
        self.layers: dict[Page, int] = {}
        self.sampler = self.device.create_sampler(
            mag_filter="linear", min_filter="linear", mipmap_filter="nearest"
        )
        self.size = self.device.create_buffer(
            size=16, usage=wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST
        )
        module = self.device.create_shader_module(code=SHADER)
        both = wgpu.ShaderStage.VERTEX | wgpu.ShaderStage.FRAGMENT
        self.layout = self.device.create_bind_group_layout(
            entries=[
                {"binding": 0, "visibility": both, "buffer": {"type": "uniform"}},
                {"binding": 1, "visibility": both, "texture": {"view_dimension": "2d-array"}},
                {"binding": 2, "visibility": both, "sampler": {}},
                {"binding": 3, "visibility": both, "buffer": {"type": "read-only-storage"}},
            ]
        )
        self.pipelines = {way: self._pipeline(module, way) for way in ("smooth_", "quick")}
        self.is_software = is_software(adapter)
        self.room = 0
        self.sprites: Any = None
        self.picture_size = (0, 0)
        self.picture: Any = None
        self.readback: Any = None
        self._make_page_room(1)
        self._make_room(4096)

    def _pipeline(self, module: Any, way: str) -> Any:
        over = {"src_factor": "one", "dst_factor": "one-minus-src-alpha", "operation": "add"}
        return self.device.create_render_pipeline(
            layout=self.device.create_pipeline_layout(bind_group_layouts=[self.layout]),
            vertex={"module": module, "entry_point": "vertex"},
            primitive={"topology": "triangle-list"},
            fragment={
                "module": module,
                "entry_point": way,
                "targets": [{"format": "rgba8unorm", "blend": {"color": over, "alpha": over}}],
            },
        )

    def draw(self, pages: list[Page], display_list: DisplayList, view: View) -> Pixels:
        """One frame, and waits for it."""
        self._make_picture(view.width, view.height)
        self._make_page_room(len(pages))
        queue = self.device.queue
        queue.write_buffer(self.size, 0, np.array((view.width, view.height, 0, 0), np.float32))
        # What is submitted is drawn while the rest is still being laid out: software adapters gain a fifth by it.
        rows = self._lay_pages(pages, view)
        self._make_room(len(rows))
        queue.write_buffer(self.sprites, 0, rows)
        queue.submit([self._pass(0, 0, len(rows), "smooth_", "clear").finish()])
        rows = _lay_quads(self.atlas, display_list, view)
        self._make_room(len(rows))
        # What is that small needs no filtering, which costs a software adapter more than all else.
        quick = self.is_software and len(rows) > QUICK_FROM
        if len(rows):
            queue.write_buffer(self.sprites, 0, rows)
        edges = np.linspace(0, len(rows), (PARTS if quick else 1) + 1).astype(int).tolist()
        for first, last in itertools.pairwise(edges):
            encoder = self._pass(1, first, last, "quick" if quick else "smooth_", "load")
            if last == len(rows):
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
            return seen.reshape(view.height, stride // 4, 4)[:, : view.width].copy()
        finally:
            self.readback.unmap()

    def _pass(self, texture: int, first: int, last: int, way: str, begin: str) -> Any:
        """Commands that draw some of the sprites: with pages (0) or with the atlas (1)."""
        encoder = self.device.create_command_encoder()
        drawing = encoder.begin_render_pass(
            color_attachments=[
                {
                    "view": self.picture.create_view(),
                    "load_op": begin,
                    "store_op": "store",
                    "clear_value": (0, 0, 0, 1),
                }
            ]
        )
        if last > first:
            drawing.set_pipeline(self.pipelines[way])
            drawing.set_index_buffer(self.corners, "uint32")
            drawing.set_bind_group(0, self.bindings[texture])
            drawing.draw_indexed(6 * (last - first), 1, 6 * first)
        drawing.end()
        return encoder

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
        self.sprites = self.device.create_buffer(
            size=self.room * SPRITE.itemsize, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST
        )
        # Two triangles for each. One draw of many vertices, not many instances of four: software is slow at those.
        corners = np.arange(self.room, dtype=np.uint32)[:, None] * 4 + np.array((0, 1, 2, 2, 1, 3), np.uint32)
        self.corners = self.device.create_buffer_with_data(data=corners, usage=wgpu.BufferUsage.INDEX)
        self._bind()

    def _make_page_room(self, count: int) -> None:
        if count <= self.page_room:
            return
        # Not a multiple of six: see `layers` above.
        self.page_room = 32 * -(-count // 32) + 1
        self.layers.clear()
        use = self.wgpu.TextureUsage
        self.pages = self.device.create_texture(
            size=(PAGE, PAGE, self.page_room),
            format=self.wgpu.TextureFormat.rgba8unorm,
            usage=use.TEXTURE_BINDING | use.COPY_DST,
        )
        if self.sprites is not None:
            self._bind()

    def _bind(self) -> None:
        self.bindings = [
            self.device.create_bind_group(
                layout=self.layout,
                entries=[
                    {"binding": 0, "resource": {"buffer": self.size}},
                    {"binding": 1, "resource": texture.create_view(dimension="2d-array")},
                    {"binding": 2, "resource": self.sampler},
                    {"binding": 3, "resource": {"buffer": self.sprites}},
                ],
            )
            for texture in (self.pages, self.sheets)
        ]

    def _lay_pages(self, pages: list[Page], view: View) -> np.ndarray[Any, Any]:
        rows = np.zeros(len(pages), SPRITE)
        for row, page in zip(rows, pages, strict=True):
            layer = self._layer(page, pages)
            # On whole pixels, so that pages meet without a seam.
            left, top = (round(p) for p in view.pixel(page.x, page.y))
            right, bottom = (round(p) for p in view.pixel(page.x + page.tiles, page.y + page.tiles))
            row["middle"] = ((left + right) / 2, (top + bottom) / 2)
            row["axes"] = ((right - left) / 2, 0, 0, (bottom - top) / 2)
            row["box"], row["sheet"], row["tint"] = (0, 0, PAGE, PAGE), layer, WHITE
        return rows

    def _layer(self, page: Page, needed: list[Page]) -> int:
        """Where the page lies among those on the GPU; put there if it is not."""
        if (layer := self.layers.get(page)) is not None:
            return layer
        if len(self.layers) < self.page_room:
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


def _lay_quads(atlas: Atlas, display_list: DisplayList, view: View) -> np.ndarray[Any, Any]:
    """The quads that are in view, back to front, in pixels."""
    quads = display_list.quads
    scale = view.scale
    x = (quads["x"] - view.x) * scale + view.width / 2
    y = (quads["y"] - view.y) * scale + view.height / 2
    w, h = quads["w"] * np.float32(scale / 2), quads["h"] * np.float32(scale / 2)
    # A turned quad lies in the circle around it.
    angle = quads["angle"]
    around = np.where(angle == 0, 0, w + h)
    reach_x, reach_y = np.maximum(w, around), np.maximum(h, around)
    seen = (x > -reach_x) & (x < view.width + reach_x) & (y > -reach_y) & (y < view.height + reach_y)
    chosen = np.flatnonzero(seen)
    chosen = chosen[np.argsort(quads["order"][chosen].astype(np.int16), kind="stable")]
    rows = np.zeros(len(chosen), SPRITE)
    cell = quads["cell"][chosen]
    w, h, angle = w[chosen], h[chosen], angle[chosen]
    middle, axes = rows["middle"], rows["axes"]
    middle[:, 0], middle[:, 1] = x[chosen], y[chosen]
    axes[:, 0], axes[:, 3] = w, h
    turned = np.flatnonzero(angle)
    if len(turned):
        turn = angle[turned] * np.float32(math.tau)
        cos, sin = np.cos(turn), np.sin(turn)
        axes[turned, 0], axes[turned, 1] = cos * w[turned], sin * w[turned]
        axes[turned, 2], axes[turned, 3] = -sin * h[turned], cos * h[turned]
    cells = atlas.cells
    smaller = cells["width"].astype(np.float32)[cell] / np.maximum(w * 2, 0.01)
    # A little sharper than exact: better so than blurred.
    level = np.rint(np.log2(np.maximum(smaller, 1)) - np.float32(0.2))
    level = rows["level"] = np.clip(level, 0, len(atlas.levels) - 1)
    box = np.stack(
        (cells["left"], cells["top"], cells["left"] + cells["width"], cells["top"] + cells["height"]), 1
    )
    rows["box"] = box.astype(np.float32)[cell] * np.exp2(-level)[:, None]
    rows["sheet"], rows["tint"] = cells["sheet"][cell], quads["tint"][chosen]
    return rows
