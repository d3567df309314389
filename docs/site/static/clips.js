// A link to a clip gets a player: in a table below it, in a text below its paragraph, with the link's words.
for (const link of document.querySelectorAll('article a[href$=".flac"]')) {
  const player = document.createElement("audio");
  player.className = "clip";
  player.controls = true;
  player.preload = "none";
  player.src = link.href;
  player.setAttribute("aria-label", link.textContent);
  const paragraph = link.closest("p");
  if (link.closest("td") || !paragraph) {
    link.after(player);
    continue;
  }
  const figure = document.createElement("figure");
  const words = document.createElement("figcaption");
  words.textContent = link.textContent;
  figure.className = "clip";
  figure.append(words, player);
  let last = paragraph;
  while (last.nextElementSibling?.matches("figure.clip")) last = last.nextElementSibling;
  last.after(figure);
}
