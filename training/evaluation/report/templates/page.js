"use strict";

/* One sound at a time. */
document.addEventListener("play", (event) => {
  for (const audio of document.querySelectorAll("audio")) {
    if (audio !== event.target) audio.pause();
  }
}, true);

/* Sorting: a button in each heading. Numbers begin with the largest, texts with A; what has no value stays last. */
function sortBy(table, column, button) {
  const heading = button.closest("th");
  const numeric = heading.classList.contains("num");
  const was = heading.getAttribute("aria-sort");
  const ascending = was ? was === "descending" : !numeric;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const body = table.tBodies[0];
  const key = (row) => row.cells[column].dataset.key;
  const compare = (a, b) => {
    if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === "");
    const order = numeric ? key(a) - key(b) : key(a).localeCompare(key(b), "en", { numeric: true });
    return ascending ? order : -order;
  };
  body.append(...[...body.rows].sort(compare));
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    if (heading.tagName !== "TH") return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortBy(table, column, button));
  });
}

/* Filtering: rows that hold every word stay. */
function makeFilterable(box, rows) {
  const name = box.getAttribute("aria-label");
  const bar = document.createElement("p");
  bar.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter";
  input.autocomplete = "off";
  input.setAttribute("aria-label", `Filter ${name}`);
  const count = document.createElement("output");
  const showCount = (left) => { count.textContent = left === rows.length ? `${left} rows` : `${left} of ${rows.length} rows`; };
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      left += !row.hidden;
    }
    showCount(left);
  });
  showCount(rows.length);
  bar.append(input, count);
  box.before(bar);
}

for (const box of document.querySelectorAll(".long")) {
  const table = box.querySelector("table");
  if (table) makeSortable(table);
  makeFilterable(box, table ? [...table.tBodies[0].rows] : [...box.children]);
}

/* Boxes are stops of the Tab key only while there is something to scroll to. */
function tabStops() {
  for (const box of document.querySelectorAll(".scroll, .players.long, pre")) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
tabStops();
addEventListener("resize", tabStops);
document.addEventListener("toggle", tabStops, true);

/* Browsers cut long data URIs short when they download them; a blob has no such limit. */
document.querySelector(".download").addEventListener("click", (event) => {
  const link = event.currentTarget;
  const bytes = Uint8Array.from(atob(link.getAttribute("href").split(",")[1]), (each) => each.charCodeAt(0));
  const blob = document.createElement("a");
  blob.href = URL.createObjectURL(new Blob([bytes], { type: "application/json" }));
  blob.download = link.download;
  blob.click();
  setTimeout(() => URL.revokeObjectURL(blob.href), 60000);
  event.preventDefault();
});

/* On paper everything is open: for browsers whose style sheets can't open a <details>. */
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
