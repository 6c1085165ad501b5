// @ts-check
// What the page knows. Everything here came from the program; nothing is judged here.

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Points} Points */
/** @typedef {import("./types.js").Programme} Programme */
/** @typedef {import("./types.js").Cue} Cue */

/** Seconds of points that are kept for the trace. */
const KEPT_S = 40;
/** A value this old is no longer shown as current. */
export const STALE_MS = 250;
/** Without a sample for so long, the signal is lost. */
export const LOST_MS = 1000;

/** The envelope of one channel, and its signal as it came: a ring of points. */
export class Ring {
  /** @param {number} rate @param {number} step */
  constructor(rate, step) {
    this.rate = rate;
    this.step = step;
    this.size = Math.max(16, Math.ceil((KEPT_S * rate) / step));
    this.low = new Float32Array(this.size).fill(NaN);
    this.high = new Float32Array(this.size).fill(NaN);
    this.signalLow = new Float32Array(this.size).fill(NaN);
    this.signalHigh = new Float32Array(this.size).fill(NaN);
    /** One past the newest point; points are numbered from the first sample on. */
    this.end = 0;
  }

  /** @param {number} first sample @param {Float32Array} values @param {Float32Array | null} signal */
  put(first, values, signal) {
    let point = Math.round(first / this.step);
    // What was missing is a hole, not a line.
    for (let hole = Math.max(this.end, point - this.size); hole < point; hole += 1) {
      this.low[hole % this.size] = NaN;
      this.high[hole % this.size] = NaN;
      this.signalLow[hole % this.size] = NaN;
      this.signalHigh[hole % this.size] = NaN;
    }
    for (let at = 0; at < values.length; at += 2, point += 1) {
      this.low[point % this.size] = values[at];
      this.high[point % this.size] = values[at + 1];
      this.signalLow[point % this.size] = signal ? signal[at] : NaN;
      this.signalHigh[point % this.size] = signal ? signal[at + 1] : NaN;
    }
    this.end = Math.max(this.end, point);
  }

  /** Seconds to a point. */
  get pointS() {
    return this.step / this.rate;
  }

  /** One past the newest sample, in seconds. */
  get endS() {
    return this.end * this.pointS;
  }

  get begin() {
    return Math.max(0, this.end - this.size);
  }

  /** Newest value. */
  get level() {
    return this.end > 0 ? this.high[(this.end - 1) % this.size] : NaN;
  }
}

export class Store {
  /** @type {Cue | null} */
  cue = null;
  /** @type {string} */
  programmeState = "waiting";
  /** @type {Message[]} */
  trials = [];
  /** @type {Message[]} */
  contractions = [];
  /** @type {Message | null} */
  onset = null;
  /** @type {number[]} */
  marks = [];
  /** Whether the level came back to rest after a repetition, by the step of the repetition.
   * @type {Map<number, boolean>} */
  letGo = new Map();
  /** Events that were too long ago to be told again. */
  forgotten = 0;
  /** @type {Map<string, { rest: number | null, most: number | null, bands: (({ lower: number | null, upper: number | null, aim: number } | null)[])[] }>} */
  levels = new Map();
  /** @type {Message[]} */
  ended = [];
  /** Points of channels whose rate is not known yet. @type {Points[]} */
  early = [];

  constructor() {
    /** @type {"connecting" | "open" | "lost" | "refused"} */
    this.link = "connecting";
    /** @type {Message | null} */
    this.scene = null;
    /** @type {Message | null} */
    this.state = null;
    /** @type {Message | null} */
    this.result = null;
    /** @type {Map<string, Ring>} */
    this.rings = new Map();
    /** What this page was not told, because it or the server of the page was too slow: messages or items. */
    this.missed = 0;
    /** When the newest sample came, on our clock. */
    this.samplesAt = -1e9;
    /** Axis of the signal less our clock, in seconds: see `now`. */
    this.offset = NaN;
    /** @type {Set<(message: Message) => void>} */
    this.listeners = new Set();
    /** How long messages take. @type {import("./link.js").Latency | null} */
    this.latency = null;
    /** Told after each message of points of the main channel. @type {Set<() => void>} */
    this.followers = new Set();
  }

  /** Begins anew: what follows tells everything. */
  clear() {
    this.cue = null;
    this.programmeState = "waiting";
    this.trials = [];
    this.contractions = [];
    this.onset = null;
    this.marks = [];
    this.letGo = new Map();
    this.forgotten = 0;
    this.levels = new Map();
    this.ended = [];
    this.early = [];
  }

  /** @param {Points} points */
  points(points) {
    const key = `${points.stream}.${points.channel}`;
    let ring = this.rings.get(key);
    const rate = this.channel(key)?.rate_hz;
    if (!ring || ring.step !== points.step) {
      if (!rate) {
        // Which rate it has comes with the state; the window is asked for again then.
        if (this.early.length < 500) this.early.push(points);
        return;
      }
      ring = new Ring(rate, points.step);
      this.rings.set(key, ring);
    }
    ring.put(points.first, points.values, points.signal);
    if (points.isWindow) return;
    const now = performance.now();
    this.samplesAt = now;
    if (key !== this.mainKey) return;
    // The axis runs with our clock and is pushed ahead by samples that are early: jitter of the line
    // is not seen.
    const told = ring.endS - now / 1000;
    this.offset = Number.isNaN(this.offset) || Math.abs(told - this.offset) > 0.5
      ? told
      : Math.max(told, this.offset - 0.0005);
    for (const follower of this.followers) follower();
  }

  /** Now on the axis of the signal, in seconds; it stands still when no samples come. */
  now() {
    const ring = this.main;
    if (!ring) return 0;
    if (Number.isNaN(this.offset)) return ring.endS;
    return Math.min(performance.now() / 1000 + this.offset, ring.endS + 0.1);
  }

  get ageMs() {
    return performance.now() - this.samplesAt;
  }

  /** @param {string} key @returns {any} */
  channel(key) {
    return this.state?.channels.find((/** @type {any} */ one) => `${one.stream}.${one.channel}` === key);
  }

  /** Channels that are searched, the one that leads first. @returns {any[]} */
  get channels() {
    const searched = (this.state?.channels ?? []).filter((/** @type {any} */ one) => one.passed === null);
    const isBeside = (/** @type {any} */ one) => /abdominal/.test(this.role(one) ?? "");
    return [...searched.filter((/** @type {any} */ one) => !isBeside(one)), ...searched.filter(isBeside)];
  }

  /** @param {any} channel @returns {string | undefined} */
  role(channel) {
    const is = (/** @type {any} */ one) => one.stream === channel.stream && one.channel === channel.channel;
    return this.scene?.roles.find(is)?.role;
  }

  get mainKey() {
    const main = this.channels[0];
    return main ? `${main.stream}.${main.channel}` : "";
  }

  get main() {
    return this.rings.get(this.mainKey);
  }

  /** Whether somebody has to say that the programme may go on. One that waits for the signal goes on by itself. */
  get isPaused() {
    return this.programmeState === "paused-person" || this.programmeState === "paused-raised";
  }

  /** @returns {Programme | null} */
  get programme() {
    return this.scene?.programme ?? null;
  }

  /** Whether all of the programme has been gone through; the visit goes on until somebody finishes it. */
  get isThrough() {
    return this.programme !== null && (this.programmeState === "done" || this.programmeState === "stopped");
  }

  /** @param {Message} message */
  message(message) {
    const isMain = message.channel === undefined || `${message.stream}.${message.channel}` === this.mainKey;
    switch (message.type) {
      case "scene":
        this.scene = message;
        this.state = null;
        this.result = null;
        // What follows tells everything anew.
        this.clear();
        this.rings.clear();
        break;
      case "state":
        this.state = message;
        // A page that opens while nothing comes knows so from the program.
        if (this.samplesAt < 0 && message.age_ms != null) this.samplesAt = performance.now() - message.age_ms;
        if (message.programme) {
          this.programmeState = message.programme.state;
          this.cue = message.programme.cue;
        }
        if (this.early.length > 0) {
          const early = this.early;
          this.early = [];
          for (const points of early) this.points(points);
        }
        break;
      case "cue":
        this.cue = message.cue;
        this.programmeState = "running";
        break;
      case "suspended":
        this.programmeState = message.why;
        break;
      case "resumed":
        this.programmeState = "running";
        break;
      case "done":
        this.programmeState = message.completed ? "done" : "stopped";
        break;
      case "ended":
        this.ended.push(message);
        break;
      case "contraction":
        if (!isMain) break;
        if (message.what === "onset") this.onset = message;
        else this.onset = null;
        if (message.what === "contraction") this.contractions.push(message);
        break;
      case "trial":
        if (isMain) this.trials.push(message);
        break;
      case "measure":
        if (isMain && message.quantity === "recovery-latency" && message.step != null) this.letGo.set(message.step, message.validity === "valid");
        break;
      case "levels":
        this.levels.set(`${message.stream}.${message.channel}`, /** @type {any} */ (message));
        break;
      case "mark":
        if (typeof message.at_s === "number") this.marks.push(message.at_s);
        break;
      case "behind":
        this.missed += message.messages;
        this.clear();
        this.rings.clear();
        break;
      case "gap":
        this.missed += message.items;
        break;
      case "forgotten":
        this.forgotten = message.events;
        break;
      case "result":
        this.result = message;
        break;
      default:
        break;
    }
    for (const listener of this.listeners) listener(message);
  }
}
