// The levels of frequency bands over the last seconds: time from left to right, low sounds below, loud ones bright.

const SECONDS = 12;
const PER_SECOND = 10;
const FLOOR_DB = -90;
const CEILING_DB = -10;

export class Spectrum {
  constructor(canvas) {
    this.canvas = canvas;
    this.columns = SECONDS * PER_SECOND;
    this.history = [];
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.colours();
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.colours());
  }

  colours() {
    const style = getComputedStyle(this.canvas);
    this.from = style.getPropertyValue("--spectrum-from").trim().split(" ").map(Number);
    this.to = style.getPropertyValue("--spectrum-to").trim().split(" ").map(Number);
    this.draw();
  }

  add(levels) {
    this.history.push(levels.map((level) => Math.min(Math.max((level - FLOOR_DB) / (CEILING_DB - FLOOR_DB), 0), 1)));
    if (this.history.length > this.columns) this.history.shift();
    this.draw();
  }

  /** With reduced motion, one column: how it is now. */
  draw() {
    const shown = this.still.matches ? this.history.slice(-1) : this.history;
    const bands = shown.at(-1)?.length ?? 0;
    if (!bands) return;
    const width = this.still.matches ? 1 : this.columns;
    Object.assign(this.canvas, { width, height: bands });
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, bands);
    shown.forEach((levels, index) => {
      const x = width - shown.length + index;
      levels.forEach((level, band) => {
        const at = 4 * ((bands - 1 - band) * width + x);
        for (let colour = 0; colour < 3; colour++) {
          image.data[at + colour] = this.from[colour] + level * (this.to[colour] - this.from[colour]);
        }
        image.data[at + 3] = 255;
      });
    });
    context.putImageData(image, 0, 0);
  }
}
