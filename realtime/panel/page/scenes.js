// Scenes: recalled, stored, renamed, removed; and the pad between four of them.

import { $, element, oncePerFrame } from "./dom.js";

const STEP = 0.02; // of the pad's arrow keys
const FINE = 0.1;

export class Scenes {
  /** `send(address, ...values)` sends a message. */
  constructor(send) {
    this.send = send;
    this.scenes = new Map();
    this.buttons = new Map(); // by slug
    this.recalled = "";
    this.editing = false;
    $("store").onclick = () => this.store();
    $("scene-name").onkeydown = (event) => event.key === "Enter" && this.store();
    $("undo").onclick = () => send("/undo");
    $("redo").onclick = () => send("/redo");
    $("edit").onclick = () => {
      this.editing = !this.editing;
      $("edit").setAttribute("aria-pressed", this.editing);
      this.draw();
    };
    $("rename-no").onclick = () => $("rename").close();
    $("rename-yes").onclick = () => this.rename();
    $("new-name").onkeydown = (event) => event.key === "Enter" && this.rename();
    this.pad = new Pad(send);
  }

  /** Show these scenes: names by slug, in their order. */
  show(scenes) {
    const same = JSON.stringify([...scenes]) === JSON.stringify([...this.scenes]);
    this.scenes = scenes;
    this.pad.show(scenes);
    if (!same || !$("scenes").childElementCount) this.draw();
  }

  /** Mark the scene that was recalled last. */
  mark(slug) {
    this.recalled = slug;
    for (const [each, button] of this.buttons) button.setAttribute("aria-current", each === slug);
  }

  store() {
    const name = $("scene-name").value.trim();
    if (!name) return $("scene-name").focus();
    if (this.send("/store", name)) $("scene-name").value = "";
  }

  rename() {
    const name = $("new-name").value.trim();
    if (name) this.send("/rename", this.renamed, name);
    $("rename").close();
  }

  recall(slug) {
    const seconds = $("seconds").value;
    if (seconds === "") this.send(`/scene/${slug}`);
    else this.send(`/scene/${slug}`, Math.min(Math.max(Number(seconds), 0), 3600));
  }

  draw() {
    const row = ([slug, name]) => {
      const button = (text, action, label = text) => {
        return element("button", { type: "button", textContent: text, onclick: action, "aria-label": label });
      };
      const recall = element("button", { type: "button", className: "scene", textContent: name, onclick: () => this.recall(slug), "aria-current": slug === this.recalled });
      this.buttons.set(slug, recall);
      const item = element("li", {}, recall);
      if (this.editing) {
        item.append(
          button("Store here", () => this.send("/store", name), `Store here: ${name}`),
          button("Rename", () => {
            this.renamed = slug;
            $("new-name").value = name;
            $("rename").showModal();
            $("new-name").select();
          }, `Rename ${name}`),
          button("Remove", () => this.send("/remove", slug), `Remove ${name}`),
        );
      }
      return item;
    };
    this.buttons.clear();
    const none = element("li", { className: "hint", textContent: "None yet. Set the knobs, give a name, store." });
    $("scenes").replaceChildren(...(this.scenes.size ? [...this.scenes].map(row) : [none]));
  }
}

class Pad {
  constructor(send) {
    this.send = oncePerFrame(() => send("/pad", ...this.corners, this.x, this.y));
    [this.x, this.y] = [0.5, 0.5];
    this.corners = [];
    this.selects = [0, 1, 2, 3].map((corner) => document.querySelector(`.corner.c${corner}`));
    this.selects.forEach((select, corner) => {
      select.onchange = () => (this.corners[corner] = select.value);
    });
    const pad = $("pad");
    pad.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pad.setPointerCapture(event.pointerId);
      this.held = true;
      this.follow(event);
    });
    pad.addEventListener("pointermove", (event) => this.held && this.follow(event));
    for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (this.held = false));
    pad.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  /** Offer these scenes. With fewer than two there is nothing between. */
  show(scenes) {
    $("morph").hidden = scenes.size < 2;
    const slugs = [...scenes.keys()];
    if (!slugs.length) return;
    this.selects.forEach((select, corner) => {
      select.replaceChildren(...[...scenes].map(([slug, name]) => element("option", { value: slug, textContent: name })));
      if (!scenes.has(this.corners[corner])) this.corners[corner] = this.named?.[corner] ?? slugs[corner % slugs.length];
      select.value = this.corners[corner];
    });
  }

  /** The scenes that the scenes' file names as corners. */
  name(corners) {
    if (corners.length !== 4 || corners.join() === this.named?.join()) return;
    this.named = corners;
    this.corners = [...corners];
    this.selects.forEach((select, corner) => (select.value = corners[corner]));
  }

  follow(event) {
    const box = $("pad").getBoundingClientRect();
    this.move((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  }

  key(event) {
    const step = STEP * (event.shiftKey ? FINE : 1);
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowDown: [0, -step], ArrowUp: [0, step] };
    if (!moves[event.key]) return;
    event.preventDefault();
    this.move(this.x + moves[event.key][0], this.y + moves[event.key][1]);
    $(event.key === "ArrowLeft" || event.key === "ArrowRight" ? "pad-x" : "pad-y").focus();
  }

  move(x, y) {
    [this.x, this.y] = [x, y].map((each) => Math.min(Math.max(each, 0), 1));
    this.draw();
    this.send();
  }

  draw() {
    $("pad-point").style.left = `${100 * this.x}%`;
    $("pad-point").style.bottom = `${100 * this.y}%`;
    $("pad-x").setAttribute("aria-valuenow", Math.round(100 * this.x));
    $("pad-y").setAttribute("aria-valuenow", Math.round(100 * this.y));
  }
}

