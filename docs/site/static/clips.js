// A link to a clip gets a player beside it.
for (const link of document.querySelectorAll('article a[href$=".flac"]')) {
  const player = document.createElement("audio");
  player.className = "clip";
  player.controls = true;
  player.preload = "none";
  player.src = link.href;
  player.setAttribute("aria-label", link.textContent);
  link.after(player);
}
