// A knob that is turned by dragging, by the wheel and by keys: <stop-knob min max value label>.

const PIXELS = 220; // of a drag across the whole range
const FINE = 0.1; // shift
const STEPS = 100; // of arrow keys across the whole range
const TURN = 270; // degrees from the lowest to the highest value
const RADIUS = 42;

const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const point = (degrees, radius) => {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(50 + radius * Math.sin(angle)).toFixed(2)}`;
};

const arc = (from, to) => {
  const [low, high] = from < to ? [from, to] : [to, from];
  if (high - low < 0.5) return "";
  return `M ${point(low, RADIUS)} A ${RADIUS} ${RADIUS} 0 ${high - low > 180 ? 1 : 0} 1 ${point(high, RADIUS)}`;
};

/** Its `moved` event carries the new value; setting `value` from outside moves it without an event. */
export class StopKnob extends HTMLElement {
  constructor() {
    super();
    this.min = -1;
    this.max = 1;
    this.rest = 0;
    this.decimals = 2;
    this.unit = "";
    this.current = 0;
  }

  connectedCallback() {
    if (this.drawing) return;
    this.setAttribute("role", "slider");
    this.tabIndex = 0;
    this.drawing = svg("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
    this.track = svg("path", { class: "track", d: arc(-TURN / 2, TURN / 2) });
    this.filled = svg("path", { class: "filled" });
    this.restMark = svg("path", { class: "rest" });
    this.cap = svg("circle", { class: "cap", cx: 50, cy: 50, r: 32 });
    this.hand = svg("path", { class: "hand" });
    this.drawing.append(this.track, this.filled, this.restMark, this.cap, this.hand);
    this.append(this.drawing);
    this.addEventListener("pointerdown", (event) => this.grab(event));
    this.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.addEventListener(end, () => (this.from = null));
    this.addEventListener("dblclick", () => this.move(this.rest));
    this.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  /** Set the range, the value of a double click, and how values are written. */
  configure({ min, max, rest = 0, decimals = 2, unit = "", label }) {
    Object.assign(this, { min, max, decimals, unit });
    this.rest = Math.min(Math.max(rest, min), max);
    this.setAttribute("aria-label", label);
    this.setAttribute("aria-valuemin", min);
    this.setAttribute("aria-valuemax", max);
    this.draw();
  }

  get value() {
    return this.current;
  }

  set value(value) {
    this.current = Math.min(Math.max(value, this.min), this.max);
    this.draw();
  }

  get text() {
    const rounded = Number(this.current.toFixed(this.decimals));
    const sign = rounded > 0 && this.min < 0 ? "+" : rounded < 0 ? "−" : "";
    return `${sign}${Math.abs(rounded).toFixed(this.decimals)}${this.unit}`;
  }

  move(value) {
    const before = this.current;
    this.value = value;
    if (this.current !== before) this.dispatchEvent(new CustomEvent("moved", { detail: this.current }));
  }

  grab(event) {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.focus();
    this.from = { x: event.clientX, y: event.clientY, value: this.current };
  }

  drag(event) {
    if (!this.from) return;
    const pixels = event.clientX - this.from.x - (event.clientY - this.from.y);
    const share = (pixels / PIXELS) * (event.shiftKey ? FINE : 1);
    const value = this.from.value + share * (this.max - this.min);
    this.from = { x: event.clientX, y: event.clientY, value }; // shift may come in the middle
    this.move(value);
  }

  wheel(event) {
    // where the page can be scrolled, a wheel turns only the knob that has the focus
    const scrolls = document.documentElement.scrollHeight > window.innerHeight + 1;
    if (scrolls && document.activeElement !== this) return;
    event.preventDefault();
    const steps = -Math.sign(event.deltaY || -event.deltaX);
    this.step(2 * steps * (event.shiftKey ? FINE : 1));
  }

  step(steps) {
    const step = (this.max - this.min) / STEPS;
    this.move(Number((this.current + steps * step).toFixed(6)));
  }

  key(event) {
    const fine = event.shiftKey ? FINE : 1;
    const actions = {
      ArrowUp: () => this.step(fine),
      ArrowRight: () => this.step(fine),
      ArrowDown: () => this.step(-fine),
      ArrowLeft: () => this.step(-fine),
      PageUp: () => this.step(10),
      PageDown: () => this.step(-10),
      Home: () => this.move(this.min),
      End: () => this.move(this.max),
      0: () => this.move(this.rest),
      Delete: () => this.move(this.rest),
    };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
  }

  draw() {
    if (!this.drawing) return;
    const degrees = (value) => ((value - this.min) / (this.max - this.min || 1) - 0.5) * TURN;
    const [here, rest] = [degrees(this.current), degrees(this.rest)];
    this.filled.setAttribute("d", arc(rest, here));
    this.restMark.setAttribute("d", `M ${point(rest, 47)} L ${point(rest, 50)}`);
    this.hand.setAttribute("d", `M ${point(here, 14)} L ${point(here, 30)}`);
    this.classList.toggle("below", this.current < this.rest);
    this.setAttribute("aria-valuenow", Number(this.current.toFixed(this.decimals)));
    this.setAttribute("aria-valuetext", this.text);
    if (this.figure) this.figure.textContent = this.text;
  }
}

customElements.define("stop-knob", StopKnob);
