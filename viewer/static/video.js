"use strict";
// Live video of a world over WHEP. It covers the picture while frames arrive; whenever they don't, the picture is there.
// Who moves the picture gets a camera of their own, or, when none is free, moves within what the shared one shows.

const FIRST_FRAME_SECONDS = 10;
const SILENT_SECONDS = 2; // without a frame: the connection, the viewport or the world's machine is gone
const HIDDEN_SECONDS = 10; // a page in the background costs nothing after that
const MOST_SECONDS = 15; // between two attempts

const video = document.getElementById("video");
const queue = document.getElementById("queue");
let peer = null;
let session = null; // where the server has this viewer
let attempts = 0;
let again = 0; // the timer of the next attempt
let camera = "shared"; // or own, or within: moved about in the shared picture
let wanted = null; // what a camera that isn't shared is to show: zoom, and x and y unless it follows the player

async function watch() {
  clearTimeout(again);
  if (peer || document.hidden) return;
  const mine = new RTCPeerConnection({ iceServers: JSON.parse(video.dataset.ice) });
  peer = mine;
  const candidates = [];
  mine.addEventListener("icecandidate", ({ candidate }) => {
    // Names that only this machine's network knows are of no use to the server.
    if (!candidate?.candidate || candidate.candidate.includes(".local ")) return;
    candidates.push(candidate);
    if (session) trickle(candidates);
  });
  mine.addEventListener("track", ({ track }) => { video.srcObject = new MediaStream([track]); });
  mine.addEventListener("connectionstatechange", () => {
    if (mine === peer && mine.connectionState === "failed") retry();
  });
  try {
    const transceiver = mine.addTransceiver("video", { direction: "recvonly" });
    if ("jitterBufferTarget" in transceiver.receiver) transceiver.receiver.jitterBufferTarget = 0;
    await mine.setLocalDescription();
    const asked = wanted;
    const query = new URLSearchParams({ viewer, ...(camera === "own" && { camera, ...asked }) });
    const answer = await fetch(`${video.dataset.whep}?${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: mine.localDescription.sdp,
      signal: AbortSignal.timeout(20_000),
    });
    const place = answer.headers.get("Location");
    if (mine !== peer) { // left meanwhile
      if (place) fetch(place, { method: "DELETE", keepalive: true }).catch(() => {});
      return;
    }
    if (!answer.ok) {
      const { position } = await answer.json();
      if (position) { wait(position); return; }
      if (camera === "own" && answer.status === 503) { turnTo("within"); return; }
      if (answer.status === 404) { stop(); return; }
      throw new Error(`the server answered ${answer.status}`);
    }
    session = place;
    await mine.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    trickle(candidates);
    attend(mine);
    if (wanted !== asked) steer();
  } catch (error) {
    console.info("no video:", error);
    if (mine === peer) retry();
  }
}

function trickle(candidates) {
  const lines = candidates.splice(0).map(({ candidate }) => `a=${candidate}\r\n`);
  if (!lines.length) return;
  fetch(session, {
    method: "PATCH",
    headers: { "Content-Type": "application/trickle-ice-sdpfrag" },
    body: `m=video 9 RTP/AVP 0\r\n${lines.join("")}`,
  }).catch(() => {});
}

// Looks whether frames arrive, as long as this connection is the page's.
function attend(mine) {
  let frames = 0;
  let since = performance.now();
  const timer = setInterval(() => {
    if (mine !== peer) { clearInterval(timer); return; }
    const now = video.getVideoPlaybackQuality().totalVideoFrames;
    if (now !== frames || document.hidden) {
      if (now !== frames) uncover();
      frames = now;
      since = performance.now();
    } else if (performance.now() - since > 1000 * (frames ? SILENT_SECONDS : FIRST_FRAME_SECONDS)) {
      retry();
    }
  }, 100);
}

function uncover() {
  attempts = 0;
  queue.hidden = true;
  if (!video.hidden) return;
  video.hidden = false;
  picture.dataset.covered = "yes";
}

// --- where the camera is --------------------------------------------------------------------------------

async function videoPlace() {
  const answer = session && await fetch(`${session}/camera`).catch(() => null);
  if (!answer?.ok) return null;
  const { x, y, zoom } = await answer.json();
  return [x, y, zoom];
}

const videoFollows = () => camera === "own" && !video.hidden;

// Connects anew, to another camera.
async function turnTo(other) {
  camera = other;
  attempts = 0;
  video.style.transform = "";
  await stop(); // the viewport that is left may be the one that is to be had
  watch();
  if (camera === "within") within();
}

// Tells the camera where to look: one request at a time, the newest last.
let telling = false;
let untold = false;
async function steer() {
  if (camera !== "own" || !session) return;
  if (telling) { untold = true; return; }
  telling = true;
  const headers = { "Content-Type": "application/json" };
  await fetch(`${session}/camera`, { method: "PUT", headers, body: JSON.stringify(wanted) }).catch(() => {});
  telling = false;
  if (untold) { untold = false; steer(); }
}

// Shows as much of what is asked for as the shared picture has, for as long as no camera is free.
async function within() {
  const place = await videoPlace();
  if (camera !== "within") return;
  if (place && !video.hidden) {
    const [x, y, zoom] = place;
    const nearer = Math.max(1, wanted.zoom / zoom);
    const scale = 32 * zoom * nearer * video.clientWidth / 1280;
    const most = [video.clientWidth, video.clientHeight].map((side) => side * (nearer - 1) / 2);
    const [left, up] = [(x - (wanted.x ?? x)) * scale, (y - (wanted.y ?? y)) * scale]
      .map((way, i) => Math.max(-most[i], Math.min(most[i], way)));
    video.style.transform = `translate(${left}px, ${up}px) scale(${nearer})`;
    queue.textContent = "All cameras are in use: you move within the shared picture";
    queue.hidden = false;
  }
  setTimeout(within, 500);
}

function wait(position) {
  close();
  delete picture.dataset.covered;
  queue.textContent = `Live video: place ${position} in the queue`;
  queue.hidden = false;
  again = setTimeout(watch, 2000);
}

function retry() {
  stop();
  again = setTimeout(watch, Math.min(MOST_SECONDS, attempts && 2 ** (attempts - 1)) * 1000);
  attempts += 1;
}

// The picture takes over; whoever was served leaves.
function stop() {
  clearTimeout(again);
  video.hidden = true;
  queue.hidden = true;
  delete picture.dataset.covered;
  return close();
}

async function close() {
  const [place, mine] = [session, peer];
  peer = session = null;
  if (place) await fetch(place, { method: "DELETE", keepalive: true }).catch(() => {});
  mine?.close(); // not before: the server would have forgotten it already
}

if (video && window.RTCPeerConnection) {
  video.hidden = true;
  video.play().catch(() => {});
  let hiding = 0;
  addEventListener("look", ({ detail }) => {
    const [x, y, zoom] = detail.aim ?? [];
    wanted = detail.mode === "free" ? { x, y, zoom } : { zoom };
    if (detail.mode === "factory") { if (camera !== "shared") turnTo("shared"); }
    else if (camera === "shared") turnTo("own");
    else steer();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", watch);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(stop, HIDDEN_SECONDS * 1000); else watch();
  });
  watch();
} else if (video) {
  delete picture.dataset.covered;
  renew(picture);
}
