// @ts-check
// Draws the trace: what was, now, and the road ahead. It draws what the store holds and judges nothing.

import { settings } from "./ui.js";
import { number, t, unitText } from "./words.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Ring} Ring */

/** Seconds to the left of now, and to its right. Now stands at 70 % of the width. */
export const PAST_S = 10.5;
export const AHEAD_S = 4.5;
/** Width of a column, of which the trace shows the lowest and the highest value. */
const COLUMN_PX = 1.5;

/** Colours of the theme, read once for each change of it. @returns {Record<string, string>} */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const one = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["trace", "second", "band", "band-fill", "template", "text", "soft", "line", "lift-fill", "rest-fill", "ground", "panel"];
  return Object.fromEntries(names.map((name) => [name, one(name)]));
}

/** Fits a canvas to its box on this screen. @param {HTMLCanvasElement} canvas */
function fit(canvas) {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return ratio;
}

export class Trace {
  constructor() {
    /** Bounds of the picture, which follow the signal calmly. @type {[number, number] | null} */
    this.bounds = null;
    /** Milliseconds of drawing, newest last. @type {number[]} */
    this.costs = [];
    /** Pictures that were drawn. */
    this.count = 0;
  }

  /** Keeps the bounds where nothing is drawn. @param {Store} store */
  follow(store) {
    const now = store.now();
    this.scale(store.main, now, store.levels.get(store.mainKey) ?? null, road(store, now));
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Store} store
   * @param {{ colours: Record<string, string>, hidden: boolean, large: boolean, exact?: boolean, cursor?: number | null }} options
   */
  draw(canvas, store, options) {
    const began = performance.now();
    const ratio = fit(canvas);
    // A picture without holes costs less to put on the screen.
    const context = canvas.getContext("2d", { alpha: false });
    if (!context || canvas.width === 0) return;
    const { colours } = options;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    context.fillStyle = colours.panel;
    context.fillRect(0, 0, width, height);
    const now = store.now();
    const font = options.large ? 18 : 13;
    const area = { left: 8, top: 10 + 1.5 * font, right: width - 8, bottom: height - 2 * font };
    const x = (/** @type {number} */ s) => area.left + ((s - now + PAST_S) / (PAST_S + AHEAD_S)) * (area.right - area.left);
    const ring = store.main;
    const levels = store.levels.get(store.mainKey) ?? null;
    const [low, high] = this.scale(ring, now, levels, road(store, now));
    const y = (/** @type {number} */ value) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
    context.font = `${font}px system-ui, sans-serif`;

    const steps = road(store, now);
    zones(context, steps, store, x, area, colours, font);
    grid(context, { low, high, y, area, width, colours, levels, exact: options.exact });
    for (const step of steps) band(context, step, x, y, area, colours, options.exact === true);
    context.save();
    context.beginPath();
    context.rect(area.left, 0, area.right - area.left, height);
    context.clip();
    for (const step of steps) curve(context, step, x, y, levels, colours);
    context.restore();
    if (ring && !options.hidden) {
      line(context, ring, now - PAST_S - 0.2, now, x, y, colours, area);
      found(context, store, x, area, colours, now);
    }
    marks(context, store, x, area, colours, now);
    // Now.
    const at = x(now);
    context.strokeStyle = colours.text;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at, area.top - 8);
    context.lineTo(at, area.bottom);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = colours.soft;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText(t("live.now"), at, area.bottom + font + 4);
    context.textAlign = "left";
    const wide = context.measureText(t("live.now")).width / 2 + 14;
    if (steps.some((step) => step.from > now) && at + wide + context.measureText(t("live.ahead")).width < width) {
      context.fillText(t("live.ahead"), at + wide, area.bottom + font + 4);
    }
    if (options.cursor != null && ring) reading(context, ring, { at: options.cursor, now, y, area, colours, font });
    if (ring && !options.hidden && store.ageMs < 250 && Number.isFinite(ring.level)) {
      const level = y(ring.level);
      context.fillStyle = colours.trace;
      context.globalAlpha = 0.22;
      dot(context, at, level, 13);
      context.globalAlpha = 1;
      dot(context, at, level, 6);
      context.fillStyle = colours.ground;
      dot(context, at, level, 2.4);
    }
    this.count += 1;
    this.costs.push(performance.now() - began);
    if (this.costs.length > 600) this.costs.shift();
  }

  /**
   * @param {Ring | undefined} ring @param {number} now @param {any} levels @param {Step[]} steps
   * @returns {[number, number]}
   */
  scale(ring, now, levels, steps) {
    let low = Infinity;
    let high = -Infinity;
    if (ring) {
      const from = Math.max(ring.begin, Math.floor((now - PAST_S) / ring.pointS));
      for (let point = from; point < ring.end; point += 1) {
        const at = point % ring.size;
        if (ring.low[at] < low) low = ring.low[at];
        if (ring.high[at] > high) high = ring.high[at];
      }
    }
    if (levels?.rest != null) low = Math.min(low, levels.rest);
    if (levels?.most != null) high = Math.max(high, levels.rest + 1.08 * (levels.most - levels.rest));
    for (const step of steps) {
      if (step.band?.upper != null) high = Math.max(high, step.band.upper);
      if (step.band?.lower != null) high = Math.max(high, 1.15 * step.band.lower);
    }
    if (low > high) return this.bounds ?? [0, 1];
    if (low >= 0 && low < 0.5 * high) low = 0;
    const margin = Math.max(0.1 * (high - low), 1e-6 + 1e-3 * Math.abs(high));
    const wanted = [low === 0 ? 0 : low - margin, high + margin];
    if (!this.bounds) this.bounds = /** @type {[number, number]} */ (wanted);
    // Up at once, so that nothing is cut off; down slowly, so that the picture stands still.
    const towards = (/** @type {number} */ old, /** @type {number} */ next, /** @type {boolean} */ isOut) =>
      old + (next - old) * (isOut ? 0.25 : 0.01);
    this.bounds = [
      towards(this.bounds[0], wanted[0], wanted[0] < this.bounds[0]),
      towards(this.bounds[1], wanted[1], wanted[1] > this.bounds[1]),
    ];
    return this.bounds;
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
}

/**
 * @typedef {Object} Step
 * @property {number} from
 * @property {number} to
 * @property {number} into seconds of the step that had gone by when it began
 * @property {"work" | "rest" | "recovery"} part
 * @property {import("./types.js").Phase} phase
 * @property {number} trial
 * @property {boolean} feedback
 * @property {{ lower: number | null, upper: number | null, aim: number } | null} band
 */

/**
 * The steps that can be seen: those that are over, the one that runs, those that will come if nothing
 * comes between.
 * @param {Store} store @param {number} now @returns {Step[]}
 */
export function road(store, now) {
  const { programme, cue } = store;
  if (!programme || !cue) return [];
  const levels = store.levels.get(store.mainKey);
  /** @returns {Step} */
  const step = (/** @type {any} */ told, /** @type {number} */ from, /** @type {number} */ to, into = 0) => ({
    from, to, into, part: told.part, phase: programme.phases[told.phase], trial: told.trial, feedback: told.feedback,
    band: levels?.bands[told.phase]?.[told.part === "work" ? 0 : 1] ?? null,
  });
  const steps = [];
  for (let at = store.ended.length - 1; at >= 0; at -= 1) {
    const { cue: old, at_s } = store.ended[at];
    if (at_s < now - PAST_S) break;
    steps.unshift(step(old, old.starts_s, at_s, old.into_s));
  }
  if (store.programmeState !== "running") return steps;
  steps.push(step(cue, cue.starts_s, cue.ends_s, cue.into_s));
  let end = cue.ends_s;
  const next = cue.part === "recovery" ? cue.step : cue.step + 1;
  for (let at = next; at < programme.steps.length && end < now + AHEAD_S; at += 1) {
    const coming = programme.steps[at];
    steps.push(step(coming, end, end + coming.duration_s));
    end += coming.duration_s;
  }
  return steps;
}

/** Stretches in which something is asked for, each with its name.
 * @param {CanvasRenderingContext2D} context @param {Step[]} steps @param {Store} store
 * @param {(s: number) => number} x @param {any} area @param {Record<string, string>} colours @param {number} font */
function zones(context, steps, store, x, area, colours, font) {
  context.textBaseline = "alphabetic";
  for (const step of steps) {
    const left = Math.max(area.left, x(step.from));
    const right = Math.min(area.right, x(step.to));
    if (right <= left) continue;
    const isLift = step.part === "work" && step.phase.strains;
    context.fillStyle = isLift ? colours["lift-fill"] : colours["rest-fill"];
    context.beginPath();
    context.roundRect(left + 1, area.top - 8, Math.max(0, right - left - 2), area.bottom - area.top + 8, 6);
    context.fill();
    const word = t(`step.${step.part === "work" ? step.phase.kind : "rest"}`);
    context.fillStyle = isLift ? colours.text : colours.soft;
    if (context.measureText(word).width < right - left - 10) {
      context.textAlign = "left";
      context.fillText(word, left + 7, area.top - 8 - font * 0.5);
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {any} shape */
function grid(context, { low, high, y, area, width, colours, levels, exact }) {
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.fillStyle = colours.soft;
  context.textAlign = "left";
  context.textBaseline = "bottom";
  const hasScale = !exact && levels?.rest != null && levels?.most != null && levels.most > levels.rest;
  const ticks = hasScale
    ? [0, 0.5, 1].map((ratio) => ({ at: levels.rest + ratio * (levels.most - levels.rest), word: ratio === 0 ? t("live.rest") : `${number(100 * ratio)} %` }))
    : even(low, high).map((at) => ({ at, word: number(at, high - low < 5 ? 1 : 0) }));
  for (const { at, word } of ticks) {
    const height = Math.round(y(at)) + 0.5;
    if (height < area.top || height > area.bottom + 1) continue;
    context.beginPath();
    context.moveTo(area.left, height);
    context.lineTo(width - 8, height);
    context.stroke();
    context.fillText(word, area.left + 2, height - 2);
  }
}

/** Time and value under the pointer. @param {CanvasRenderingContext2D} context @param {Ring} ring @param {any} place */
function reading(context, ring, { at, now, y, area, colours, font }) {
  const s = now - PAST_S + ((at - area.left) / (area.right - area.left)) * (PAST_S + AHEAD_S);
  const point = Math.floor(s / ring.pointS);
  if (point < ring.begin || point >= ring.end) return;
  const value = ring.high[point % ring.size];
  if (Number.isNaN(value)) return;
  context.strokeStyle = colours.soft;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(at, area.top);
  context.lineTo(at, area.bottom);
  context.stroke();
  const words = `${number(s, 2)} s  ${number(value, 1)}`;
  const wide = context.measureText(words).width + 14;
  const left = Math.min(at + 8, area.right - wide);
  const top = Math.min(Math.max(y(value) - 34, area.top), area.bottom - 26);
  context.fillStyle = colours.ground;
  context.beginPath();
  context.roundRect(left, top, wide, font + 11, 6);
  context.fill();
  context.fillStyle = colours.text;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillText(words, left + 7, top + 6);
}

/** A few round numbers between two. @param {number} low @param {number} high */
export function even(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? power;
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) ticks.push(at);
  return ticks;
}

/** The band of a step: a soft fill and two edges, or one where the other side is open.
 * @param {CanvasRenderingContext2D} context @param {Step} step @param {(s: number) => number} x
 * @param {(value: number) => number} y @param {any} area @param {Record<string, string>} colours
 * @param {boolean} exact */
function band(context, step, x, y, area, colours, exact) {
  if (!step.band) return;
  const left = Math.max(area.left, x(step.from));
  const right = Math.min(area.right, x(step.to));
  if (right <= left) return;
  const clamp = (/** @type {number} */ value) => Math.min(area.bottom, Math.max(area.top, value));
  const top = step.band.upper == null ? area.top : clamp(y(step.band.upper));
  const bottom = step.band.lower == null ? area.bottom : clamp(y(step.band.lower));
  context.fillStyle = colours["band-fill"];
  context.fillRect(left, top, right - left, bottom - top);
  context.strokeStyle = colours.band;
  context.lineWidth = 2;
  for (const [edge, height] of [[step.band.upper, top], [step.band.lower, bottom]]) {
    if (edge == null || height == null) continue;
    context.beginPath();
    context.moveTo(left, height);
    context.lineTo(right, height);
    context.stroke();
  }
  if (right - left > 90) {
    context.fillStyle = colours.text;
    context.textAlign = "right";
    context.textBaseline = "bottom";
    const { lower, upper } = step.band;
    const limits = exact ? ` ${[lower, upper].map((one) => (one == null ? "" : number(one, 1))).join("–")}` : "";
    context.fillText(`${t("live.target")}${limits}`, right - 6, Math.max(area.top + 16, top - 3));
  }
}

/** The curve to follow.
 * @param {CanvasRenderingContext2D} context @param {Step} step @param {(s: number) => number} x
 * @param {(value: number) => number} y @param {any} levels @param {Record<string, string>} colours */
function curve(context, step, x, y, levels, colours) {
  const shape = step.phase.template;
  const { band } = step;
  if (step.part !== "work" || !shape || !band || levels?.rest == null) return;
  context.strokeStyle = colours.template;
  context.lineWidth = 2.5;
  context.setLineDash([8, 6]);
  context.beginPath();
  shape.forEach(([s, ratio], index) => {
    const value = levels.rest + ratio * (band.aim - levels.rest);
    const place = x(step.from + s - step.into);
    if (index === 0) context.moveTo(place, y(value));
    else context.lineTo(place, y(value));
  });
  context.stroke();
  context.setLineDash([]);
}

/** The trace: between the lowest and the highest value of each column, and a hatched stretch where
 * samples are missing.
 * @param {CanvasRenderingContext2D} context @param {Ring} ring @param {number} from @param {number} to
 * @param {(s: number) => number} x @param {(value: number) => number} y
 * @param {Record<string, string>} colours @param {any} area */
function line(context, ring, from, to, x, y, colours, area) {
  const first = Math.max(ring.begin, Math.floor(from / ring.pointS));
  const last = Math.min(ring.end, Math.ceil(to / ring.pointS));
  context.save();
  context.beginPath();
  context.rect(area.left, 0, area.right - area.left, area.bottom + 2);
  context.clip();
  context.strokeStyle = colours.trace;
  context.lineWidth = 3;
  // Round joins of thousands of pieces cost more than all the rest of a picture.
  context.lineJoin = "bevel";
  context.beginPath();
  // So many points to a column, counted from the first sample on, so that the picture does not shimmer as it moves.
  const many = Math.max(1, Math.ceil(COLUMN_PX / Math.max(1e-6, x(ring.pointS) - x(0))));
  let isDown = false;
  let holeFrom = NaN;
  for (let column = Math.floor(first / many) * many; column < last; column += many) {
    let low = Infinity;
    let high = -Infinity;
    let begins = NaN;
    let ends = NaN;
    for (let point = Math.max(first, column); point < Math.min(last, column + many); point += 1) {
      const at = point % ring.size;
      if (ring.low[at] < low) low = ring.low[at];
      if (ring.high[at] > high) high = ring.high[at];
      ends = ring.low[at] + ring.high[at];
      if (Number.isNaN(begins)) begins = ends;
    }
    const place = x((column + 0.5 * many) * ring.pointS);
    if (low > high) {
      if (Number.isNaN(holeFrom)) holeFrom = place;
      isDown = false;
      continue;
    }
    if (!Number.isNaN(holeFrom)) {
      hatch(context, holeFrom, place, area, colours);
      holeFrom = NaN;
    }
    // Both extremes, in the order in which they came.
    const rises = ends >= begins;
    if (!isDown) context.moveTo(place, y(rises ? low : high));
    context.lineTo(place - 0.4, y(rises ? low : high));
    if (high - low > 1e-9) context.lineTo(place + 0.4, y(rises ? high : low));
    isDown = true;
  }
  context.stroke();
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {number} left @param {number} right @param {any} area
 * @param {Record<string, string>} colours */
function hatch(context, left, right, area, colours) {
  if (right - left < 3) return;
  const path = new Path2D();
  for (let at = left - (area.bottom - area.top); at < right; at += 9) {
    const from = Math.max(at, left);
    const to = Math.min(at + (area.bottom - area.top), right);
    path.moveTo(from, area.bottom - (from - at));
    path.lineTo(to, area.bottom - (to - at));
  }
  context.save();
  context.strokeStyle = colours.soft;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.stroke(path);
  context.restore();
}

/** What the program found, along the bottom: a form, not only a colour.
 * @param {CanvasRenderingContext2D} context @param {Store} store @param {(s: number) => number} x
 * @param {any} area @param {Record<string, string>} colours @param {number} now */
function found(context, store, x, area, colours, now) {
  context.fillStyle = colours.trace;
  const bar = (/** @type {number} */ from, /** @type {number} */ to) => {
    const left = Math.max(area.left, x(from));
    const right = Math.min(area.right, x(to));
    if (right - left < 1) return;
    context.beginPath();
    context.roundRect(left, area.bottom + 2, right - left, 5, 2.5);
    context.fill();
  };
  for (let at = store.contractions.length - 1; at >= 0; at -= 1) {
    const one = store.contractions[at];
    const end = one.offset_s ?? one.closed_s;
    if (end < now - PAST_S) break;
    bar(one.onset_s, end);
  }
  if (store.onset) bar(store.onset.onset_s, now);
}

/** @param {CanvasRenderingContext2D} context @param {Store} store @param {(s: number) => number} x
 * @param {any} area @param {Record<string, string>} colours @param {number} now */
function marks(context, store, x, area, colours, now) {
  context.fillStyle = colours.text;
  for (const at of store.marks) {
    if (at < now - PAST_S) continue;
    const place = x(at);
    context.beginPath();
    context.moveTo(place - 6, area.top - 8);
    context.lineTo(place + 6, area.top - 8);
    context.lineTo(place, area.top + 2);
    context.fill();
    context.fillRect(place - 0.75, area.top, 1.5, area.bottom - area.top);
  }
}

/**
 * The small lane of another channel.
 * @param {HTMLCanvasElement} canvas @param {Store} store @param {string} key
 * @param {Record<string, string>} colours @param {boolean} hidden
 */
export function lane(canvas, store, key, colours, hidden) {
  const ring = store.rings.get(key);
  const ratio = fit(canvas);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || !ring || canvas.width === 0) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const { clientWidth: width, clientHeight: height } = canvas;
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  if (hidden) return;
  const now = store.now();
  const area = { left: 8, right: width - 8, top: 2, bottom: height - 3 };
  const x = (/** @type {number} */ s) => area.left + ((s - now + PAST_S) / (PAST_S + AHEAD_S)) * (area.right - area.left);
  let high = 0;
  let low = Infinity;
  for (let point = Math.max(ring.begin, ring.end - 4000); point < ring.end; point += 1) {
    const at = point % ring.size;
    if (ring.high[at] > high) high = ring.high[at];
    if (ring.low[at] < low) low = ring.low[at];
  }
  // A quiet lane must look quiet: it is not blown up to fill its height.
  const levels = store.levels.get(key);
  const top = Math.max(1.15 * high, 4 * (levels?.rest ?? low), 1e-6);
  const y = (/** @type {number} */ value) => area.bottom - (Math.max(0, value) / top) * (area.bottom - area.top);
  line(context, ring, now - PAST_S - 0.2, now, x, y, { ...colours, trace: colours.second }, area);
}

/** Bounds of the lanes of signals, which follow calmly. @type {WeakMap<HTMLCanvasElement, [number, number]>} */
const reach = new WeakMap();

/**
 * The lane of a signal as it came: each column from its lowest to its highest value.
 * @param {HTMLCanvasElement} canvas @param {Store} store @param {any} channel
 * @param {Record<string, string>} colours @param {string} colour
 */
export function signal(canvas, store, channel, colours, colour) {
  const ring = store.rings.get(`${channel.stream}.${channel.channel}`);
  const ratio = fit(canvas);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || canvas.width === 0) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const { clientWidth: width, clientHeight: height } = canvas;
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  if (!ring) return;
  const now = store.now();
  const area = { left: 8, right: width - 8, top: 2, bottom: height - 3 };
  const x = (/** @type {number} */ s) => area.left + ((s - now + PAST_S) / (PAST_S + AHEAD_S)) * (area.right - area.left);
  const first = Math.max(ring.begin, Math.floor((now - PAST_S) / ring.pointS));
  const last = Math.min(ring.end, Math.ceil(now / ring.pointS));
  const { signalLow, signalHigh, size } = ring;
  let low = Infinity;
  let high = -Infinity;
  for (let point = first; point < last; point += 1) {
    const at = point % size;
    if (signalLow[at] < low) low = signalLow[at];
    if (signalHigh[at] > high) high = signalHigh[at];
  }
  if (low > high) return;
  // What swings about zero stays in the middle.
  if (low < 0 && high > 0) {
    high = Math.max(high, -low);
    low = -high;
  }
  const margin = Math.max(0.02 * (high - low), 1e-6 + 1e-3 * Math.abs(high));
  const old = reach.get(canvas) ?? [low - margin, high + margin];
  const bounds = /** @type {[number, number]} */ ([
    Math.min(low - margin, old[0] + 0.01 * (low - margin - old[0])),
    Math.max(high + margin, old[1] + 0.01 * (high + margin - old[1])),
  ]);
  reach.set(canvas, bounds);
  const scale = (area.bottom - area.top) / (bounds[1] - bounds[0]);
  if (bounds[0] < 0 && bounds[1] > 0) {
    context.fillStyle = colours.line;
    context.fillRect(area.left, Math.round(area.bottom + bounds[0] * scale), area.right - area.left, 1);
  }
  // Columns as those of the trace, so that the picture does not shimmer; upright boxes need no path.
  const pointPx = x(ring.pointS) - x(0);
  const many = Math.max(1, Math.ceil(COLUMN_PX / Math.max(1e-6, pointPx)));
  const wide = many * pointPx;
  context.fillStyle = colour;
  for (let column = Math.floor(first / many) * many; column < last; column += many) {
    let least = Infinity;
    let most = -Infinity;
    for (let point = Math.max(first, column); point < Math.min(last, column + many); point += 1) {
      const at = point % size;
      if (signalLow[at] < least) least = signalLow[at];
      if (signalHigh[at] > most) most = signalHigh[at];
    }
    if (least > most) continue;
    context.fillRect(x(column * ring.pointS), area.bottom - (most - bounds[0]) * scale, wide, Math.max(1, (most - least) * scale));
  }
  context.font = `${settings.large ? 16 : 12}px system-ui, sans-serif`;
  context.fillStyle = colours.soft;
  context.textAlign = "right";
  const digits = high - low < 10 ? 1 : 0;
  context.textBaseline = "top";
  context.fillText(`${number(high, digits)} ${unitText(channel.unit)}`, area.right, area.top);
  context.textBaseline = "bottom";
  context.fillText(`${number(low, digits)} ${unitText(channel.unit)}`, area.right, area.bottom);
}
