// @ts-check
// Lanterns: a game that the envelope steers. It comes out the same from the same messages and the same seed, and
// it is fair to the pelvic floor: effort above the band wins nothing, and only a programme that trains strength,
// which is open to who may, wins anything by lifting. In every other one the game goes downwards: lanterns light
// up when one has let go.

import { road } from "./trace.js";

/** @typedef {import("./store.js").Store} Store */

/** Seconds of a step of the game: the envelope at 20 Hz is smoother than a hand. */
export const TICK_S = 0.05;
/** Ticks from one lantern to the next. */
export const APART = 10;
/** Who is at most so far above rest, in percent of their own range, has let go. Our choice. */
export const SOFT = 10;

/** Chance without memory: the same for the same seed and number, from 0 to 1. @param {number} seed @param {number} at */
export function chance(seed, at) {
  let mixed = Math.imul(at ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** Whether lifting can win anything: only where strength is trained. @param {{ load: string } | null} programme */
export function direction(programme) {
  return programme?.load === "strengthening" ? "up" : "down";
}

/**
 * What is asked for in a tick.
 * @typedef {Object} Input
 * @property {number | null} effort percent of the person's own range; null where that is not known, or no signal came
 * @property {"lift" | "let-go" | "nothing"} ask
 * @property {number | null} lower percent, of a lift
 * @property {number | null} upper percent
 */

export class Game {
  /** @param {number} seed @param {"up" | "down"} way */
  constructor(seed, way) {
    this.seed = seed;
    this.way = way;
    /** Next tick. */
    this.tick = 0;
    /** Where the lantern bearer is: percent, a calm follower of the effort. */
    this.height = 0;
    /** Lanterns that were lit. */
    this.lights = 0;
    /** Those of the last ten seconds, by their tick: lit or not. @type {[number, boolean][]} */
    this.passed = [];
  }

  /** Whether a tick has a lantern for what is asked for. @param {number} tick @param {Input["ask"]} ask */
  hasLantern(tick, ask) {
    return tick % APART === 0 && (ask === "let-go" || (ask === "lift" && this.way === "up"));
  }

  /** Height of a lantern, in percent: within the band, or low. @param {number} tick @param {Input} input */
  lanternHeight(tick, { ask, lower, upper }) {
    const part = chance(this.seed, tick);
    if (ask === "let-go") return SOFT * part;
    const low = lower ?? 0;
    const high = Math.max(low, Math.min(upper ?? 100, 100));
    return low + (0.25 + 0.5 * part) * (high - low);
  }

  /** One tick. @param {Input} input */
  step(input) {
    const { effort, ask } = input;
    if (effort !== null) this.height += 0.25 * (Math.min(110, Math.max(-5, effort)) - this.height);
    if (this.hasLantern(this.tick, ask)) {
      const isLit = effort !== null && (ask === "let-go"
        ? effort <= (input.upper ?? SOFT)
        : (input.lower !== null || input.upper !== null) && effort >= (input.lower ?? 0) && effort <= (input.upper ?? Infinity));
      if (isLit) this.lights += 1;
      this.passed.push([this.tick, isLit]);
    }
    while (this.passed.length > 0 && this.passed[0][0] < this.tick - 10.5 / TICK_S) this.passed.shift();
    this.tick += 1;
  }

  /** Plays on as far as the signal goes; to be called after each message of points. @param {Store} store */
  follow(store) {
    const ring = store.main;
    if (!ring) return;
    const end = Math.floor(ring.endS / TICK_S + 1e-6);
    this.tick = Math.max(this.tick, Math.ceil((ring.begin * ring.pointS) / TICK_S));
    while (this.tick < end) this.step(input(store, this.tick * TICK_S));
  }

  /** All that there is to it. */
  get state() {
    return { tick: this.tick, height: this.height, lights: this.lights, passed: this.passed.map((one) => [...one]) };
  }
}

/** Percent of the person's own range. @param {Store} store @param {number | null | undefined} value */
function percent(store, value) {
  const levels = store.levels.get(store.mainKey);
  if (value == null || levels?.rest == null || levels.most == null || levels.most <= levels.rest) return null;
  return (100 * (value - levels.rest)) / (levels.most - levels.rest);
}

/** What is asked for at a second of the signal, and what came. @param {Store} store @param {number} at @returns {Input} */
export function input(store, at) {
  const ring = store.main;
  const point = ring ? Math.min(ring.end - 1, Math.floor(at / ring.pointS)) : -1;
  const value = ring && point >= ring.begin ? ring.high[point % ring.size] : NaN;
  const step = road(store, at).find((one) => at >= one.from && at < one.to);
  const isLift = step?.part === "work" && step.phase.strains;
  const isFree = !step || (step.part === "work" && ["free", "cough", "push"].includes(step.phase.kind));
  return {
    effort: Number.isNaN(value) ? null : percent(store, value),
    ask: isFree ? "nothing" : isLift ? "lift" : "let-go",
    lower: isLift ? percent(store, step?.band?.lower) : null,
    upper: percent(store, step?.band?.upper),
  };
}

/** Seconds that are seen ahead. */
const AHEAD_S = 4.5;
const PAST_S = 4.5;

/** @param {HTMLCanvasElement} canvas @param {Game} game @param {Store} store @param {Record<string, string>} colours
 * @param {boolean} hidden */
export function drawGame(canvas, game, store, colours, hidden) {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const now = store.now();
  const x = (/** @type {number} */ s) => ((s - now + PAST_S) / (PAST_S + AHEAD_S)) * width;
  // Downwards there is nothing to be had above; it takes no room.
  const most = game.way === "up" ? 115 : 60;
  const y = (/** @type {number} */ percent) => height - 46 - (Math.min(most, Math.max(-6, percent)) / most) * (height - 90);
  // Two rows of hills that go by, the nearer one faster.
  for (const [row, speed, lift, fill] of /** @type {[number, number, number, string][]} */ ([[1, 0.35, 54, colours["rest-fill"]], [2, 1, 26, colours["lift-fill"]]])) {
    context.beginPath();
    context.moveTo(0, height);
    for (let place = 0; place <= width + 24; place += 24) {
      const at = (place + now * speed * (width / (PAST_S + AHEAD_S))) / 260;
      const low = Math.floor(at);
      const soft = 0.5 - 0.5 * Math.cos(Math.PI * (at - low));
      const hill = chance(game.seed + row, low) * (1 - soft) + chance(game.seed + row, low + 1) * soft;
      context.lineTo(place, height - lift - 34 * hill);
    }
    context.lineTo(width, height);
    context.fillStyle = fill;
    context.fill();
  }
  const lit = new Map(game.passed);
  const first = Math.ceil((now - PAST_S) / TICK_S / APART) * APART;
  for (let tick = first; tick * TICK_S < now + AHEAD_S; tick += APART) {
    const at = tick * TICK_S;
    const asked = input(store, at);
    if (!game.hasLantern(tick, asked.ask) || (asked.ask === "lift" && asked.lower === null && asked.upper === null)) continue;
    lantern(context, x(at), y(game.lanternHeight(tick, asked)), lit.get(tick), colours);
  }
  if (hidden) return;
  // The bearer: a boat of paper in the air.
  const place = x(now);
  const level = y(game.height);
  context.fillStyle = colours.trace;
  context.beginPath();
  context.moveTo(place - 22, level - 4);
  context.lineTo(place + 26, level - 4);
  context.lineTo(place + 10, level + 12);
  context.lineTo(place - 12, level + 12);
  context.closePath();
  context.fill();
  context.beginPath();
  context.moveTo(place + 1, level - 30);
  context.lineTo(place + 16, level - 7);
  context.lineTo(place - 12, level - 7);
  context.closePath();
  context.fill();
}

/** Lit ones are full and have rays: a form, not only a colour.
 * @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {boolean | undefined} isLit
 * @param {Record<string, string>} colours */
function lantern(context, x, y, isLit, colours) {
  context.strokeStyle = colours.band;
  context.fillStyle = colours.band;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(x - 7, y - 9, 14, 18, 5);
  context.stroke();
  if (isLit !== true) return;
  context.fill();
  context.beginPath();
  for (const turn of [0, 1, 2, 3, 4, 5]) {
    const angle = (turn * Math.PI) / 3 + Math.PI / 6;
    context.moveTo(x + 13 * Math.cos(angle), y + 14 * Math.sin(angle));
    context.lineTo(x + 18 * Math.cos(angle), y + 19 * Math.sin(angle));
  }
  context.stroke();
}
