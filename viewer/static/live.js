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
    if (image === picture) shown = answer.headers.get("X-View").split(" ").map(Number);
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
  setInterval(() => renew(image), PICTURE_SECONDS * 1000);
}

// --- the big picture: drag and zoom ---------------------------------------------------------------------

const picture = document.getElementById("picture");
let mode = "factory"; // or player, or free once somebody has dragged it
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
  dispatchEvent(new CustomEvent("look", { detail: mode })); // the video shows the factory only
  renew(picture);
}

if (picture) {
  // A picture costs as much as a second of video: it is fetched only if the video takes its time.
  setTimeout(() => {
    if (picture.dataset.covered !== "soon") return;
    delete picture.dataset.covered;
    renew(picture);
  }, 1500);
  const zoomBy = (factor) => {
    const [x, y, zoom] = aim ?? shown ?? [0, 0, 0.5];
    look(mode === "player" ? "player" : "free", [x, y, Math.min(4, Math.max(0.1, zoom * factor))]);
  };
  for (const button of document.querySelectorAll("[data-zoom-by]")) {
    button.addEventListener("click", () => zoomBy(Number(button.dataset.zoomBy)));
  }
  for (const button of document.querySelectorAll("[data-mode]")) {
    button.addEventListener("click", () => {
      look(button.dataset.mode, button.dataset.mode === "player" ? shown ?? [0, 0, 0.5] : null);
    });
  }
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8);
  }, { passive: false });

  let from = null;
  picture.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    picture.setPointerCapture(event.pointerId);
    if (shown) from = [event.clientX, event.clientY, ...shown];
  });
  picture.addEventListener("pointermove", (event) => {
    if (from) picture.style.translate = `${event.clientX - from[0]}px ${event.clientY - from[1]}px`;
  });
  picture.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [startX, startY, x, y, zoom] = from;
    from = null;
    const scale = 32 * zoom * picture.clientWidth / picture.naturalWidth;
    look("free", [x - (event.clientX - startX) / scale, y - (event.clientY - startY) / scale, zoom]);
  });
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
