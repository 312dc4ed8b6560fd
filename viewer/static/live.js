"use strict";
// Keeps an open page true: numbers from server-sent events, pictures and panels fetched again while looked at.

const PICTURE_SECONDS = 2;
const PANEL_SECONDS = 5;
const watched = document.querySelector("[data-watch]")?.dataset.watch;

// --- numbers --------------------------------------------------------------------------------------------

function points(value) {
  if (Math.abs(value) >= 1e6) return (value / 1e6).toFixed(3) + "M";
  return Math.round(value).toLocaleString("en");
}

function gameTime(tick) {
  const seconds = Math.floor(tick / 60);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const written = {
  score: (w) => points(w.score),
  automated_score: (w) => points(w.automated_score),
  time: (w) => gameTime(w.tick),
  tick: (w) => w.tick.toLocaleString("en"),
  activity: (w) => w.activity || "waiting for its first move",
  speed: (w) => String(w.speed),
};
const flashing = new Set(["score", "automated_score", "activity"]);

function show(world) {
  for (const place of document.querySelectorAll(`[data-world="${CSS.escape(world.name)}"]`)) {
    place.dataset.status = world.status;
    for (const element of place.querySelectorAll("[data-field]")) {
      const field = element.dataset.field;
      const text = String(written[field] ? written[field](world) : world[field]);
      if (element.textContent === text) continue;
      element.textContent = text;
      if (!flashing.has(field)) continue;
      element.classList.remove("changed");
      void element.offsetWidth; // starts the animation again
      element.classList.add("changed");
    }
  }
}

const connection = document.getElementById("connection");
function connected(state) {
  connection.dataset.state = state;
  connection.textContent = { live: "live", lost: "connection lost, trying again" }[state];
}

const viewer = crypto.getRandomValues(new Uint32Array(3)).join("-"); // so that video and events count as one viewer
const source = new EventSource("/api/events" + (watched ? `?world=${encodeURIComponent(watched)}&viewer=${viewer}` : ""));
source.addEventListener("open", () => connected("live"));
source.addEventListener("error", () => connected("lost"));
source.addEventListener("world", (message) => show(JSON.parse(message.data)));
source.addEventListener("activity", () => { panelsDue = true; });
addEventListener("pagehide", () => source.close());

// --- pictures -------------------------------------------------------------------------------------------

const visible = new Set();
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) visible.add(entry.target); else visible.delete(entry.target);
    if (entry.isIntersecting) renew(entry.target);
  }
});

const loading = new Set();
const stale = new Set(); // asked for again while loading
async function renew(image) {
  if (document.hidden || !visible.has(image)) return;
  // The video is in front of it, or will be soon.
  if (image === picture && (image.dataset.covered === "soon" || (image.dataset.covered && shown))) return;
  if (loading.has(image)) { stale.add(image); return; }
  loading.add(image);
  try {
    const answer = await fetch(address(image), { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return; // the gateway is away or the world restarts: the last picture stays
    const view = answer.headers.get("X-View").split(" ").map(Number);
    if (image === picture) shown = view;
    if (image.id === "map") frame(image, view);
    const url = URL.createObjectURL(await answer.blob());
    const old = image.src;
    image.src = url;
    await image.decode().catch(() => {});
    if (old.startsWith("blob:")) URL.revokeObjectURL(old);
    image.style.translate = "";
  } finally {
    loading.delete(image);
    if (stale.delete(image)) renew(image);
  }
}
for (const image of document.querySelectorAll("img[data-picture]")) {
  seen.observe(image);
  setInterval(() => renew(image), (image.dataset.every ?? PICTURE_SECONDS) * 1000);
}

// Shows on the map what the big picture shows. view: x, y, zoom of the map.
async function frame(map, [x, y, zoom]) {
  const [ourX, ourY, ourZoom] = await placeNow();
  const side = 100 * zoom / ourZoom * 1280 / map.width; // in percent, of the width and of the height
  const box = document.getElementById("frame");
  box.style.width = box.style.height = `${side}%`;
  box.style.left = `${50 + 100 * (ourX - x) * 32 * zoom / map.width - side / 2}%`;
  box.style.top = `${50 + 100 * (ourY - y) * 32 * zoom / map.height - side / 2}%`;
  box.hidden = false;
}

// --- the big picture: drag and zoom ---------------------------------------------------------------------

const picture = document.getElementById("picture");
const NEAREST = 4, FARTHEST = 0.02, STEP = 0.2; // zooms; how much of the picture an arrow key moves
let mode = "factory"; // or player, or free once somebody has moved it
let aim = null; // x, y, zoom in free mode; zoom alone counts while following the player
let shown = null; // what the newest picture shows: x, y, zoom

function address(image) {
  const url = new URL(image.dataset.picture, location.href);
  if (image !== picture || mode === "factory") return url;
  if (mode === "free") { url.searchParams.set("x", aim[0]); url.searchParams.set("y", aim[1]); }
  url.searchParams.set("zoom", aim[2]);
  return url;
}

function look(newMode, newAim) {
  [mode, aim] = [newMode, newAim];
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  dispatchEvent(new CustomEvent("look", { detail: { mode, aim } }));
  renew(picture);
}

// What is to be seen now: x, y, zoom.
async function placeNow() {
  if (mode === "free") return aim;
  return (picture.dataset.covered === "yes" && await videoPlace()) || shown || [0, 0, 0.5];
}

if (picture) {
  const figure = picture.parentElement;
  // A picture costs as much as a second of video: it is fetched only if the video takes its time.
  setTimeout(() => {
    if (picture.dataset.covered !== "soon") return;
    delete picture.dataset.covered;
    renew(picture);
  }, 1500);
  const inBounds = (zoom) => Math.min(NEAREST, Math.max(FARTHEST, zoom));
  const zoomBy = async (factor) => {
    const [x, y, zoom] = await placeNow();
    look(mode === "player" ? "player" : "free", [x, y, inBounds(zoom * factor)]);
  };
  const moveBy = async (right, down) => { // parts of the picture
    const [x, y, zoom] = await placeNow();
    look("free", [x + right * 40 / zoom, y + down * 22.5 / zoom, zoom]);
  };
  for (const button of document.querySelectorAll("[data-zoom-by]")) {
    button.addEventListener("click", () => zoomBy(Number(button.dataset.zoomBy)));
  }
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.addEventListener("click", async () => {
      look(button.dataset.mode, button.dataset.mode === "player" ? await placeNow() : null);
    });
  }
  // Of the figure: the picture itself is not there as long as the video is.
  const outside = (event) => event.target.closest(".controls");
  figure.addEventListener("wheel", (event) => {
    if (outside(event)) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
  }, { passive: false });
  const keys = {
    ArrowLeft: () => moveBy(-STEP, 0), ArrowRight: () => moveBy(STEP, 0),
    ArrowUp: () => moveBy(0, -STEP), ArrowDown: () => moveBy(0, STEP),
    "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: () => look("factory", null),
  };
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  const fingers = new Map(); // pointer -> where it is
  let pinch = null; // how far apart two of them were, and what was to be seen then
  const apart = () => {
    const [a, b] = [...fingers.values()];
    return Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
  };
  let drag = null; // from where, and what was to be seen then
  const moved = (event) => {
    const [x, y, zoom] = drag.place;
    const scale = 32 * zoom * picture.clientWidth / 1280;
    return [x - (event.clientX - drag.x) / scale, y - (event.clientY - drag.y) / scale, zoom];
  };
  figure.addEventListener("pointerdown", (event) => {
    if (outside(event)) return;
    event.preventDefault();
    figure.focus({ preventScroll: true });
    figure.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const begun = { x: event.clientX, y: event.clientY, place: null };
    [drag, pinch] = fingers.size === 2 ? [null, begun] : [begun, null];
    if (pinch) {
      begun.apart = apart();
      picture.style.translate = video.style.translate = "";
    }
    placeNow().then((place) => { begun.place = place; });
  });
  figure.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (pinch?.place) {
      const [x, y, zoom] = pinch.place;
      look("free", [x, y, inBounds(zoom * apart() / pinch.apart)]);
    }
    if (!drag?.place) return;
    if (videoFollows()) { look("free", moved(event)); return; }
    picture.style.translate = video.style.translate = `${event.clientX - drag.x}px ${event.clientY - drag.y}px`;
  });
  const drop = (event) => {
    if (drag?.place && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 3) look("free", moved(event));
    if (drag) video.style.translate = "";
    fingers.delete(event.pointerId);
    drag = pinch = null;
  };
  figure.addEventListener("pointerup", drop);
  figure.addEventListener("pointercancel", drop);
}

// --- panels that the server draws -----------------------------------------------------------------------

let panelsDue = false;
async function renewPanels() {
  if (document.hidden) return;
  panelsDue = false;
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const panel of document.querySelectorAll("[data-live]")) {
    const replacement = fresh.getElementById(panel.id);
    if (!replacement || replacement.innerHTML === panel.dataset.shown) continue;
    if (panel.querySelector("details[open]")) continue; // somebody is reading
    panel.hidden = replacement.hidden;
    panel.dataset.shown = replacement.innerHTML;
    panel.innerHTML = replacement.innerHTML;
  }
}
if (watched) {
  setInterval(renewPanels, PANEL_SECONDS * 1000);
  setInterval(() => panelsDue && renewPanels(), 1000);
}
