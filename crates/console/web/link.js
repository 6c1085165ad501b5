// @ts-check
// The connection to the program: proves itself, reconnects, hands over what arrives (PROTOCOL.md).

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Points} Points */

const KEY = "token";

/** The token of the address; it is taken out of it, so that nobody reads it over a shoulder. */
function takeToken() {
  const told = location.hash.slice(1);
  if (/^[0-9a-f]{64}$/.test(told)) {
    sessionStorage.setItem(KEY, told);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

/**
 * The points of a binary message; null if it is none that we know.
 * @param {ArrayBuffer} buffer
 * @returns {Points | null}
 */
export function readPoints(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 32 || view.getUint8(0) !== 1 || view.getUint8(1) !== 1) return null;
  const count = view.getUint16(28, true);
  if (buffer.byteLength !== 32 + 8 * count) return null;
  return {
    stream: view.getUint8(2),
    channel: view.getUint8(3),
    seq: view.getUint32(4, true),
    stampUs: Number(view.getBigUint64(8, true)),
    first: Number(view.getBigUint64(16, true)),
    step: view.getUint32(24, true),
    isWindow: (view.getUint16(30, true) & 1) !== 0,
    values: new Float32Array(buffer, 32, 2 * count),
  };
}

export class Link {
  /**
   * @param {{ points: (points: Points) => void, message: (message: Message) => void,
   *   state: (state: "connecting" | "open" | "lost" | "refused") => void }} handlers
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.token = takeToken();
    this.wait = 500;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** Whether what comes now is news; before `ready` it is what has been. */
    this.isNews = false;
    /** @type {string} */
    this.told = "";
    this.latency = new Latency();
    setInterval(() => this.tick(), 2000);
    addEventListener("online", () => this.connect());
    this.connect();
  }

  connect() {
    if (this.socket) return;
    if (!this.token) {
      this.tell("refused");
      return;
    }
    // While it tries again, the line is still lost.
    if (this.told !== "lost") this.tell("connecting");
    const socket = new WebSocket(`ws://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.isNews = false;
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token }));
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = (event) => {
      this.socket = null;
      if (event.code === 4401) {
        sessionStorage.removeItem(KEY);
        this.tell("refused");
        return;
      }
      this.tell("lost");
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(5000, 2 * this.wait);
    };
  }

  /** Says how the line is, once for each change. @param {"connecting" | "open" | "lost" | "refused"} state */
  tell(state) {
    if (state === this.told) return;
    this.told = state;
    this.handlers.state(state);
  }

  /** @param {ArrayBuffer | string} data */
  hear(data) {
    if (typeof data !== "string") {
      const points = readPoints(data);
      if (!points) return;
      if (!points.isWindow) {
        this.latency.add(points.stampUs);
      }
      this.handlers.points(points);
      return;
    }
    /** @type {Message} */
    const message = JSON.parse(data);
    if (message.type === "welcome") {
      this.token = message.token;
      sessionStorage.setItem(KEY, message.token);
      this.wait = 500;
      this.tell("open");
      this.tick();
    } else if (message.type === "ready") {
      this.isNews = true;
    } else if (message.type === "pong") {
      this.latency.pong(message);
      return;
    } else if (message.type === "behind") {
      // Everything is told anew after it.
      this.isNews = false;
    } else if (typeof message.stamp_us === "number" && this.isNews) {
      this.latency.add(message.stamp_us);
    }
    message.isNews = this.isNews;
    this.handlers.message(message);
  }

  /** @param {object} wish */
  send(wish) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }

  tick() {
    this.send({ do: "ping", t: performance.now() });
    const figures = this.latency.figures();
    if (figures) this.send({ do: "latency", ...figures });
  }
}

/** From the stamp of the program to the handling here, on one clock: that of the program. */
export class Latency {
  constructor() {
    /** Clock of the program less ours, in milliseconds, from the quickest answer so far. */
    this.offset = NaN;
    this.best = Infinity;
    /** Counts of tenths of a millisecond, up to a second. */
    this.bins = new Uint32Array(10001);
    this.count = 0;
    this.max = 0;
  }

  /** @param {Message} message */
  pong(message) {
    const now = performance.now();
    const trip = now - message.t;
    if (trip <= this.best) {
      this.best = trip;
      this.offset = message.now_us / 1000 - (message.t + now) / 2;
    }
    // The two clocks drift apart, a little: an old best is not trusted for ever.
    this.best *= 1.05;
  }

  /** @param {number} stampUs */
  add(stampUs) {
    if (Number.isNaN(this.offset)) return;
    const late = Math.max(0, performance.now() + this.offset - stampUs / 1000);
    this.bins[Math.min(10000, Math.floor(late * 10))] += 1;
    this.count += 1;
    this.max = Math.max(this.max, late);
  }

  figures() {
    if (this.count === 0) return null;
    return { count: this.count, p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.max };
  }

  /** @param {number} share */
  quantile(share) {
    let left = share * this.count;
    for (let bin = 0; bin < this.bins.length; bin += 1) {
      left -= this.bins[bin];
      if (left <= 0) return (bin + 1) / 10;
    }
    return this.max;
  }
}
