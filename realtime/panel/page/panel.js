// The panel: shows what the performance's OSCQuery tree holds, and moves it.

import { $, element, meter, oncePerFrame } from "./dom.js";
import { Connection } from "./osc.js";
import "./knob.js";
import { Scenes } from "./scenes.js";
import { Spectrum } from "./spectrum.js";

const METER_FLOOR_DB = -60;
const KNOBS = {
  "/input_gain": { label: "Input gain", rest: 0, decimals: 1, unit: " dB" },
  "/output_gain": { label: "Output gain", rest: 0, decimals: 1, unit: " dB" },
  "/wet": { label: "Wet", rest: 1, decimals: 2 },
  "/ramp": { label: "Ramp", rest: 0.02, decimals: 2, unit: " s", most: 5 },
};
const WORDS = { connected: "", lost: "No connection. Trying again …", refused: "This performance has another code. Scan its QR code again." };
const NOTE_MS = 8000;

const knobs = new Map(); // by path
const meters = new Map(); // by path
const learnButtons = new Map(); // by slug
const names = new Map(); // of stops and parameters, by slug
const spectra = { "/spectrum/in": new Spectrum($("spectrum-in")), "/spectrum/out": new Spectrum($("spectrum-out")) };
let learning = "";
let connection = null;

const send = (...message) => connection?.send(...message) ?? false;
const scenes = new Scenes(send);

function knob(path, node, options) {
  const range = node.RANGE[0];
  const made = knobs.get(path) ?? document.createElement("stop-knob");
  if (!knobs.has(path)) {
    const moved = oncePerFrame((value) => send(path, value));
    made.addEventListener("moved", (event) => moved(event.detail));
    made.figure = element("output", { className: "figure", "aria-hidden": "true" });
    knobs.set(path, made);
  }
  made.configure({ min: range.MIN, max: Math.min(range.MAX, options.most ?? range.MAX), ...options });
  return made;
}

const number = (value) => (value > 0 ? `+${value}` : `${value}`.replace("-", "−"));

function stopCard(path, node, level) {
  const slug = path.slice("/stop/".length);
  const name = node.DESCRIPTION;
  const range = node.RANGE[0];
  const turned = knob(path, node, { label: name });
  const learn = element("button", {
    type: "button", className: "learn", textContent: "Learn", "aria-pressed": "false", "aria-label": `Learn a controller for ${name}`,
    onclick: () => send("/learn", learning === slug ? "" : slug),
  });
  learnButtons.set(slug, learn);
  const card = element("article", { className: "stop" }, element("h3", { textContent: name }), turned, turned.figure);
  if (level) {
    const bar = meter(`How strongly ${name} sounds`, "level");
    meters.set(`/level/${slug}`, (value) => bar.set(value, `${Math.round(100 * value)} %`));
    card.append(bar);
  }
  card.append(element("div", { className: "row" }, element("span", { className: "range", textContent: `${number(range.MIN)} to ${number(range.MAX)}` }), learn));
  return card;
}

function soundMeter(path) {
  const name = path.slice("/meter/".length);
  const bar = meter(`Level ${name}`, "loud");
  const figure = element("span", { className: "decibels", textContent: "–" });
  meters.set(path, (decibels) => {
    const text = decibels <= METER_FLOOR_DB ? "silent" : `${Math.round(decibels)} dB`.replace("-", "−");
    bar.set(1 - decibels / METER_FLOOR_DB, text);
    figure.textContent = text;
  });
  return element("div", { className: "level-row" }, element("span", { textContent: name }), bar, figure);
}

function parameterKnob(path, node) {
  const made = knob(path, node, KNOBS[path]);
  return element("div", { className: "small-knob" }, element("h3", { textContent: KNOBS[path].label }), made, made.figure);
}

let built = "";

/** Build the page from the tree; parts that are as they were stay, so that a hand on a knob isn't disturbed. */
function onTree(methods) {
  const of = (prefix) => [...methods].filter(([path]) => path.startsWith(prefix));
  const stops = of("/stop/");
  const shape = JSON.stringify([stops.map(([path, { DESCRIPTION, RANGE }]) => [path, DESCRIPTION, RANGE]), of("/level/").map(([path]) => path), of("/meter/").map(([path]) => path)]);
  names.clear();
  for (const [path, node] of stops) names.set(path.slice("/stop/".length), node.DESCRIPTION);
  for (const path of Object.keys(KNOBS)) names.set(`engine.${path.slice(1)}`, KNOBS[path].label);
  if (shape !== built) {
    built = shape;
    for (const path of [...knobs.keys()]) if (path.startsWith("/stop/") && !methods.has(path)) knobs.delete(path);
    learnButtons.clear();
    $("stops").replaceChildren(...stops.map(([path, node]) => stopCard(path, node, methods.has(path.replace("/stop/", "/level/")))));
    $("sound").replaceChildren(...of("/meter/").map(([path]) => soundMeter(path)));
    $("gains").replaceChildren(...Object.keys(KNOBS).filter((path) => methods.has(path)).map((path) => parameterKnob(path, methods.get(path))));
  }
  scenes.show(new Map(of("/scene/").map(([path, node]) => [path.slice("/scene/".length), node.DESCRIPTION])));
}

const press = (id, path) => {
  $(id).onclick = () => {
    const on = $(id).getAttribute("aria-pressed") !== "true";
    if (send(path, on ? 1 : 0)) $(id).setAttribute("aria-pressed", on);
  };
};
press("bypass", "/bypass");
press("mute", "/mute");
$("panic").onclick = () => send("/panic");

function record() {
  if ($("record").getAttribute("aria-pressed") === "true") return send("/end_recording", 1);
  const name = $("session-name").value.trim();
  if (name ? send("/record", name) : send("/record")) $("session-name").value = "";
}
$("record").onclick = record;
$("session-name").onkeydown = (event) => event.key === "Enter" && record();

function showRecording(folder) {
  $("record").setAttribute("aria-pressed", Boolean(folder));
  $("record").textContent = folder ? "End" : "Record";
  $("session-name").disabled = Boolean(folder);
  $("recorded").hidden = !folder;
  $("session").textContent = folder ? `into ${folder}` : "Sound and all movements; drawstop render plays the same again.";
  document.body.classList.toggle("recorded", Boolean(folder));
}

const isThisMachine = /^(127\.|localhost$|\[::1\]$)/.test(location.hostname);
$("open-invite").onclick = () => {
  $("invited").textContent = "Each code lets one browser in; the next one comes by itself.";
  $("invite").showModal();
  showCode.fresh();
};
$("invite-done").onclick = () => $("invite").close();

/** Show the present code. It is a new one when another browser was let in; this machine's alone may see it. */
function showCode(used) {
  $("open-invite").hidden = !isThisMachine;
  if ($("invite").open && used > showCode.used) {
    $("invited").textContent = "A browser has come in. This is the code for the next one.";
    showCode.used = used;
    showCode.fresh();
  }
  showCode.used = used;
}
showCode.used = 0;
showCode.fresh = () => ($("code").src = `code.svg?${showCode.used}`);

function note(text) {
  $("note").textContent = text;
  clearTimeout(note.timer);
  note.timer = setTimeout(() => ($("note").textContent = ""), NOTE_MS);
}

function showInstruments(list) {
  $("instruments-part").hidden = list.length < 2;
  $("instruments").replaceChildren(...list.map((name) => element("button", {
    type: "button", textContent: name, "aria-pressed": name === showInstruments.playing, onclick: () => send(`/instrument/${name}`),
  })));
  showInstruments.list = list;
}
showInstruments.list = [];

function showLearning(slug) {
  learning = slug;
  for (const [each, button] of learnButtons) {
    const waits = each === slug;
    button.setAttribute("aria-pressed", waits);
    button.textContent = waits ? "Turn its knob …" : "Learn";
  }
}

const STATUS = {
  playing: ([name, chosen]) => {
    $("name").textContent = name;
    document.title = `${name} – Drawstop`;
    showInstruments.playing = chosen;
    showInstruments(showInstruments.list);
  },
  instruments: (list) => showInstruments(list),
  state: ([text]) => {
    STATUS.performance = text;
    showState();
  },
  delay_ms: ([ms]) => ($("delay").textContent = `${ms.toFixed(1)} ms`),
  load: ([share]) => {
    $("load").textContent = `${Math.round(100 * share)} %`;
    $("load").classList.toggle("hot", share > 0.8);
  },
  lost_blocks: ([count]) => {
    $("lost").textContent = count;
    $("lost").classList.toggle("hot", count > 0);
  },
  recording: ([folder]) => showRecording(folder),
  recorded_s: ([seconds]) => ($("recorded").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`),
  codes_used: ([used]) => showCode(used),
  scene: ([slug]) => scenes.mark(slug),
  moved: ([slug, source]) => ($("moved").textContent = slug && `${names.get(slug) ?? slug.replace("engine.", "")} by ${source}`),
  learning: ([slug]) => showLearning(slug),
  learned: ([text]) => text && note(`Learned: ${text}`),
  pad: (corners) => scenes.pad.name(corners),
  note: ([text]) => text && note(text),
};

function onValue(address, values) {
  if (address === "/error") note(values[0]);
  else if (knobs.has(address)) {
    if (!knobs.get(address).from) knobs.get(address).value = values[0]; // not under a finger that turns it
  } else if (meters.has(address)) meters.get(address)(values[0]);
  else if (address === "/bypass" || address === "/mute") $(address.slice(1)).setAttribute("aria-pressed", values[0] >= 0.5);
  else if (spectra[address]) {
    $("spectra").hidden = false;
    spectra[address].add(values);
  } else STATUS[address.replace("/status/", "")]?.(values);
}

let connected = "lost";

function showState() {
  const text = WORDS[connected] || STATUS.performance || "";
  $("state").textContent = text;
  $("state").hidden = !text;
  document.body.classList.toggle("waiting", connected !== "connected");
}

connection = new Connection({
  onTree,
  onValue,
  onState: (state) => {
    if (!(state === "lost" && connected === "refused")) connected = state;
    showState();
  },
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && learning) send("/learn", "");
});
