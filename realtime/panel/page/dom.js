// Small helpers for elements.

export const $ = (id) => document.getElementById(id);

/** An element with properties ("aria-…", "data-…" and "role" are attributes) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (/^(aria-|data-|role$)/.test(key)) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** Call a function at most once for each frame of the screen, with the arguments of the last call. */
export function oncePerFrame(call) {
  let waiting = null;
  return (...values) => {
    if (waiting === null) {
      requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        call(...last);
      });
    }
    waiting = values;
  };
}

/** A meter whose bar and figure are set by `set(share, text)`. */
export function meter(label, className) {
  const bar = element("div", { className: "bar" });
  const made = element("div", {
    className: `meter ${className}`, role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
  }, bar);
  made.set = (share, text) => {
    const clipped = Math.min(Math.max(share, 0), 1);
    bar.style.transform = `scaleX(${clipped.toFixed(3)})`;
    made.setAttribute("aria-valuenow", Math.round(100 * clipped));
    made.setAttribute("aria-valuetext", text);
    made.classList.toggle("hot", share > 0.97);
  };
  return made;
}
