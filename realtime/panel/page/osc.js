// OSC packets as bytes (f, s and i arguments, and bundles), and the connection to the performance's OSCQuery server.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const padded = (length) => (length + 4) & ~3; // a text ends with one to four zeros

/** A message's bytes. Numbers are sent as 32-bit floats, the rest as text. */
export function encode(address, ...values) {
  const texts = [address, "," + values.map((value) => (typeof value === "number" ? "f" : "s")).join("")];
  const parts = texts.concat(values).map((part) => (typeof part === "number" ? part : encoder.encode(part)));
  const size = parts.reduce((sum, part) => sum + (typeof part === "number" ? 4 : padded(part.length)), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "number") {
      view.setFloat32(at, part);
      at += 4;
    } else {
      bytes.set(part, at);
      at += padded(part.length);
    }
  }
  return bytes;
}

/** A message's address and values. Throws RangeError if the bytes end too soon. */
export function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  let at = 0;
  const text = () => {
    const end = bytes.indexOf(0, at);
    const found = decoder.decode(bytes.subarray(at, end < 0 ? bytes.length : end));
    at += padded((end < 0 ? bytes.length : end) - at);
    return found;
  };
  const address = text();
  const values = [...text().slice(1)].map((tag) => {
    if (tag === "s") return text();
    at += 4;
    return tag === "f" ? view.getFloat32(at - 4) : view.getInt32(at - 4);
  });
  return { address, values };
}

const PING_MS = 4000; // a connection that hasn't answered a ping until the next one is dead
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2000;

/** The methods of an OSCQuery tree by path: each node that isn't a container. */
export function methodsOf(node, found = new Map()) {
  if (!node.CONTENTS) found.set(node.FULL_PATH, node);
  for (const inner of Object.values(node.CONTENTS ?? {})) methodsOf(inner, found);
  return found;
}

/**
 * The connection to the server that this page came from. It connects again by itself.
 *
 * Calls `onTree(methods)` when addresses have come or gone, `onValue(address, values)` for each value, and
 * `onState("connected" | "lost" | "refused")`.
 */
export class Connection {
  constructor({ onTree, onValue, onState }) {
    Object.assign(this, { onTree, onValue, onState });
    this.retryMs = FIRST_RETRY_MS;
    this.listening = new Set();
    this.open();
  }

  open() {
    const socket = new WebSocket(`ws://${location.host}/`);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    this.listening.clear();
    this.answered = true;
    socket.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      this.pinger = setInterval(() => this.ping(), PING_MS);
      this.read();
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => this.lost(socket);
  }

  /** Send a message; false while there is no connection. */
  send(address, ...values) {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(encode(address, ...values));
    return true;
  }

  ping() {
    if (!this.answered) return this.lost(this.socket);
    this.answered = false;
    this.send("/ping");
  }

  receive(data) {
    if (typeof data === "string") {
      clearTimeout(this.reading); // several paths come and go together
      this.reading = setTimeout(() => this.read(), 20);
      const { COMMAND, DATA } = JSON.parse(data);
      if (COMMAND === "PATH_REMOVED") this.listening.delete(DATA);
      return;
    }
    const { address, values } = decode(data);
    if (address === "/pong") this.answered = true;
    else this.onValue(address, values);
  }

  /** Read the tree, and listen to every value in it. */
  async read() {
    const socket = this.socket;
    let tree;
    try {
      const answer = await fetch("/", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      tree = await answer.json();
    } catch {
      if (socket === this.socket) this.lost(socket);
      return;
    }
    if (socket !== this.socket || socket.readyState !== WebSocket.OPEN) return;
    const methods = methodsOf(tree);
    this.onTree(methods);
    this.onState("connected");
    for (const [path, node] of methods) {
      if (!(node.ACCESS & 1) || this.listening.has(path)) continue;
      this.listening.add(path);
      if (node.VALUE) this.onValue(path, node.VALUE);
      socket.send(JSON.stringify({ COMMAND: "LISTEN", DATA: path }));
    }
  }

  async lost(socket) {
    if (socket !== this.socket) return;
    this.socket = { readyState: WebSocket.CLOSED };
    clearInterval(this.pinger);
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.onState("lost");
    setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, LONGEST_RETRY_MS);
    try {
      const answer = await fetch("/?HOST_INFO", { cache: "no-store" });
      if (answer.status === 403) this.onState("refused");
    } catch {
      // not there: the next try comes by itself
    }
  }
}
