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
  const flags = view.getUint16(30, true);
  const hasSignal = (flags & 2) !== 0;
  if (buffer.byteLength !== 32 + (hasSignal ? 16 : 8) * count) return null;
  return {
    stream: view.getUint8(2),
    channel: view.getUint8(3),
    seq: view.getUint32(4, true),
    stampUs: Number(view.getBigUint64(8, true)),
    first: Number(view.getBigUint64(16, true)),
    step: view.getUint32(24, true),
    isWindow: (flags & 1) !== 0,
    values: new Float32Array(buffer, 32, 2 * count),
    signal: hasSignal ? new Float32Array(buffer, 32 + 8 * count, 2 * count) : null,
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
    // Some more at first: the quickest answer sets the clock.
    for (let early = 1; early <= 6; early += 1) setTimeout(() => this.tick(), 250 * early);
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
      if (!points.isWindow) this.latency.take(this.latency.points, points.stampUs);
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
      this.latency.take(this.latency.events, message.stamp_us);
    } else if (message.type === "scene" && this.isNews) {
      // Another visit: what was measured belongs to the one before.
      this.latency.forget();
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
    this.send({ do: "latency", ...this.latency.figures() });
  }
}

/** How long messages took, counted in fixed memory. */
class Counts {
  constructor() {
    /** Counts of tenths of a millisecond, up to a second. */
    this.bins = new Uint32Array(10001);
    this.count = 0;
    this.max = 0;
  }

  /** @param {number} late milliseconds */
  add(late) {
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
      // The upper end of the bin, unless nothing in it is so long.
      if (left <= 0) return Math.min(this.max, (bin + 1) / 10);
    }
    return this.max;
  }
}

/** From the stamp of the program to the handling here, on one clock: that of the program. Points wait for their
 * batch by design, events for nothing, so each have their own figures. */
export class Latency {
  constructor() {
    /** Clock of the program less ours, in milliseconds, from the quickest answer so far, and how far off that may be. */
    this.offset = NaN;
    this.error = Infinity;
    this.best = Infinity;
    this.points = new Counts();
    this.events = new Counts();
  }

  forget() {
    this.points = new Counts();
    this.events = new Counts();
  }

  /** @param {Message} message */
  pong(message) {
    const now = performance.now();
    const trip = now - message.t;
    if (trip <= this.best) {
      // What was measured on a much worse clock is worth nothing: that of a browser that is still busy with its start.
      if (this.error > 2 && trip < this.error) this.forget();
      this.best = trip;
      this.error = trip / 2;
      this.offset = message.now_us / 1000 - (message.t + now) / 2;
    }
    // The two clocks drift apart, a little: an old best is not trusted for ever.
    this.best *= 1.05;
  }

  /** @param {Counts} counts @param {number} stampUs */
  take(counts, stampUs) {
    if (!Number.isNaN(this.offset)) counts.add(Math.max(0, performance.now() + this.offset - stampUs / 1000));
  }

  figures() {
    return { points: this.points.figures(), events: this.events.figures() };
  }
}
