// @ts-check
// A visit looked at again: any stretch of it, contractions that count or do not, notes.

import { html, useEffect, useRef, useState } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Answer } from "./done.js";
import { Title, Wait, Wrong, date, programmeName } from "./parts.js";
import { palette } from "./trace.js";
import { clock, number, t, unitText } from "./words.js";

/** Shortest stretch that is shown, in seconds. */
const LEAST_S = 1;
/** The visit that is open; it stays while other screens are looked at. */
const at = { visit: "" };

/** @param {{ desk: import("./desk.js").Desk }} props */
export function Review({ desk }) {
  const [visit, look] = useState(at.visit);
  at.visit = visit;
  return visit ? html`<${Visit} key=${visit} desk=${desk} visit=${visit} back=${() => look("")} />` : html`<${List} desk=${desk} look=${look} />`;
}

/** @param {{ desk: import("./desk.js").Desk, look: (visit: string) => void }} props */
function List({ desk, look }) {
  const { told, trouble, busy, again } = useAnswer(desk, "visits", {});
  const visits = told?.visits ?? [];
  return html`<div class="centre"><${Title}>${t("review.title")}<//>
    <${Wrong} text=${trouble} />${busy && !told && html`<${Wait} />`}
    ${told && visits.length === 0 && html`<p>${t("review.none")}</p>`}
    ${visits.length > 0 && html`<div class="card scroll" tabindex="0" role="region" aria-label=${t("review.title")}><table><thead><tr><th scope="col">${t("review.when")}</th><th scope="col">${t("review.who")}</th><th scope="col">${t("review.what")}</th><th scope="col">${t("review.length")}</th><th scope="col"><span class="hidden">${t("review.open")}</span></th></tr></thead>
      <tbody>${visits.map((/** @type {any} */ one) => html`<tr key=${one.id}><th scope="row">${date(one.opened_unix_ms)}</th><td>${one.person ?? one.code ?? "–"}</td><td>${programmeName(one.programme)}${one.trouble ? html`<br /><span class="soft small">${one.trouble}</span>` : ""}${one.progress === "recording" ? html` <span class="chip notice">${t("review.unfinished")}</span>` : ""}</td><td>${one.duration_s == null ? "–" : clock(one.duration_s)}</td>
        <td><button onClick=${() => look(one.id)} aria-label=${t("review.open.of", { date: date(one.opened_unix_ms) })}>${t("review.open")}</button></td></tr>`)}</tbody></table></div>`}
    <div class="row"><button onClick=${again}>${t("review.again")}</button></div></div>`;
}

/** @param {{ desk: import("./desk.js").Desk, visit: string, back: () => void }} props */
function Visit({ desk, visit, back }) {
  const found = useAnswer(desk, "contractions", { visit });
  const [span, zoom] = useState(/** @type {[number, number] | null} */ (null));
  const [marked, mark] = useState(/** @type {[number, number] | null} */ (null));
  const [trouble, say] = useState("");
  const [key, choose] = useState("");
  const stretch = useAnswer(desk, "overview", { visit, from_s: span?.[0] ?? 0, to_s: span?.[1] ?? null, pieces: 1000 });
  const channels = stretch.told?.channels ?? [];
  const all = found.told?.channels ?? [];
  const main = all.find((/** @type {any} */ one) => `${one.stream}.${one.channel}` === key) ?? all.find((/** @type {any} */ one) => one.main) ?? all[0];
  const begins = Math.min(...channels.map((/** @type {any} */ one) => one.begins_s), Infinity);
  const whole = /** @type {[number, number]} */ (channels.length ? [begins, Math.max(...channels.map((/** @type {any} */ one) => one.ends_s))] : [0, 1]);
  const seen = span ?? whole;
  const move = (/** @type {[number, number]} */ to) => {
    const length = Math.min(whole[1] - whole[0], Math.max(LEAST_S, to[1] - to[0]));
    const from = Math.min(Math.max(whole[0], to[0]), whole[1] - length);
    zoom(length >= whole[1] - whole[0] ? null : [from, from + length]);
  };
  const about = (/** @type {number} */ middle, /** @type {number} */ times) => {
    const length = (seen[1] - seen[0]) * times;
    const share = (middle - seen[0]) / (seen[1] - seen[0]);
    move([middle - share * length, middle + (1 - share) * length]);
  };
  const edit = async (/** @type {any} */ what) => {
    say("");
    try {
      found.put((await desk.ask("edit", { visit, edit: what })).told);
    } catch (why) {
      say(/** @type {Error} */ (why).message);
    }
  };
  const label = (/** @type {any} */ one) => channels.find((/** @type {any} */ other) => other.stream === one.stream && other.channel === one.channel)?.label ?? one.label;
  const place = main && { stream: main.stream, channel: main.channel };
  return html`<div class="centre wide">
    <div class="row"><${Title}>${t("review.visit")}<//><button class="push" onClick=${back}>${t("review.back")}</button></div>
    <${Wrong} text=${trouble || stretch.trouble || found.trouble} />
    <section class="card stack" aria-label=${t("review.trace")}>
      ${channels.length > 0 ? html`<${Chart} channels=${channels} main=${main} found=${found.told} seen=${seen} move=${move} about=${about} marked=${marked} mark=${mark} />` : stretch.busy && html`<${Wait} text=${t("review.reading")} />`}
      <div class="row" role="toolbar" aria-label=${t("review.zoom")}>
        <button onClick=${() => about((seen[0] + seen[1]) / 2, 0.5)}>${t("review.closer")}</button>
        <button onClick=${() => about((seen[0] + seen[1]) / 2, 2)}>${t("review.wider")}</button>
        <button onClick=${() => move([seen[0] - (seen[1] - seen[0]) / 2, seen[1] - (seen[1] - seen[0]) / 2])}>${t("review.earlier")}</button>
        <button onClick=${() => move([seen[0] + (seen[1] - seen[0]) / 2, seen[1] + (seen[1] - seen[0]) / 2])}>${t("review.later")}</button>
        <button onClick=${() => zoom(null)}>${t("review.whole")}</button>
        <span class="soft small" role="status">${t("review.span", { from: clock(seen[0]), to: clock(seen[1]) })}</span></div>
      <p class="soft small">${t("review.how")}</p>
    </section>
    ${main && html`<section class="card stack"><div class="row"><h2>${t("review.contractions")}</h2>
        ${all.length > 1 && html`<label class="row small" for="channel">${t("review.channel")} <select id="channel" value=${`${main.stream}.${main.channel}`} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>${all.map((/** @type {any} */ one) => html`<option value=${`${one.stream}.${one.channel}`} selected=${one === main}>${label(one)}</option>`)}</select></label>`}</div>
      <p role="status"><b>${t("review.sum", { count: number(main.count), held: main.held_s == null ? "–" : number(main.held_s, 1), longest: main.longest_s == null ? "–" : number(main.longest_s, 1) })}</b>${main.count !== main.found ? ` ${t("review.sum.found", { found: number(main.found) })}` : ""}</p>
      <p class="soft small">${t("review.kept")}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${t("review.contractions")}><table><thead><tr><th scope="col">#</th><th scope="col">${t("done.at")}</th><th scope="col">${t("done.length")}</th><th scope="col">${t(main.kind === "pressure" ? "done.peak.above" : "done.peak")}</th><th scope="col">${t("review.counts")}</th><th scope="col"><span class="hidden">${t("review.change")}</span></th></tr></thead>
        <tbody>${main.contractions.map((/** @type {any} */ one, /** @type {number} */ index) => html`<tr key=${one.added == null ? one.onset : `a${one.added}`} class=${one.counts ? "" : "rejected"}><th scope="row">${index + 1}</th>
          <td><button class="link" onClick=${() => move([one.from_s - 5, one.to_s + 5])} aria-label=${t("review.show", { at: clock(one.from_s), number: index + 1 })}>${clock(one.from_s)}</button></td>
          <td>${one.ended ? `${number(one.to_s - one.from_s, 1)} s` : t("done.open")}</td><td>${one.peak == null ? "–" : `${number(one.peak, 1)} ${unitText(main.unit)}`}</td>
          <td>${t(one.added != null ? "review.added" : one.counts ? "review.yes" : "review.no")}</td>
          <td>${one.added != null
    ? html`<button onClick=${() => edit({ what: "remove", number: one.added })} aria-label=${t("review.remove.of", { number: index + 1 })}>${t("review.remove")}</button>`
    : html`<button onClick=${() => edit({ what: one.counts ? "reject" : "restore", ...place, onset: one.onset })} aria-label=${t(one.counts ? "review.reject.of" : "review.restore.of", { number: index + 1 })}>${t(one.counts ? "review.reject" : "review.restore")}</button>`}</td></tr>`)}</tbody></table></div>
      <${Add} marked=${marked} add=${(/** @type {number} */ from_s, /** @type {number} */ to_s) => { mark(null); edit({ what: "add", ...place, from_s, to_s }); }} /></section>`}
    ${found.told && html`<${Notes} told=${found.told} move=${move} edit=${edit} seen=${seen} />`}
    <${Answer} desk=${desk} visit=${visit} /></div>`;
}

/** @param {{ marked: [number, number] | null, add: (from: number, to: number) => void }} props */
function Add({ marked, add }) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  useEffect(() => {
    if (!marked) return;
    setFrom(marked[0].toFixed(2));
    setTo(marked[1].toFixed(2));
  }, [marked]);
  const field = (/** @type {string} */ id, /** @type {string} */ value, /** @type {(value: string) => void} */ set) => html`<div class="field narrow"><label for=${id}>${t(`review.${id}`)}</label><input id=${id} type="number" min="0" step="0.01" inputmode="decimal" required value=${value} onInput=${(/** @type {any} */ event) => set(event.target.value)} /></div>`;
  return html`<form class="row end" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); add(Number(from), Number(to)); setFrom(""); setTo(""); }}>
    ${field("from", from, setFrom)}${field("to", to, setTo)}<button type="submit" disabled=${!(Number(to) > Number(from)) || from === ""}>${t("review.add")}</button></form>`;
}

/** @param {{ told: any, move: (to: [number, number]) => void, edit: (what: any) => void, seen: [number, number] }} props */
function Notes({ told, move, edit, seen }) {
  const [text, set] = useState("");
  const [here, setHere] = useState(false);
  const all = [...told.marks.map((/** @type {any} */ one) => ({ ...one, live: true })), ...told.notes];
  return html`<section class="card stack"><h2>${t("review.notes")}</h2>
    ${all.length > 0 && html`<ul class="plain">${all.map((/** @type {any} */ one, /** @type {number} */ index) => html`<li key=${index}>${one.at_s != null && html`<button class="link" onClick=${() => move([one.at_s - 10, one.at_s + 10])}>${clock(one.at_s)}</button> `}${one.text || t("review.mark")}${one.live ? html` <span class="soft small">${t("review.live")}</span>` : ""}</li>`)}</ul>`}
    <form class="stack" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); edit({ what: "note", text, at_s: here ? (seen[0] + seen[1]) / 2 : null }); set(""); }}>
      <div class="field"><label for="review-note">${t("review.note")}</label><textarea id="review-note" rows="2" maxlength="500" value=${text} onInput=${(/** @type {any} */ event) => set(event.target.value)}></textarea></div>
      <div class="row"><label class="option"><input type="checkbox" checked=${here} onChange=${() => setHere(!here)} /><span>${t("review.here")}</span></label><button type="submit" disabled=${!text.trim()}>${t("act.keep")}</button></div></form></section>`;
}

/** The stretch that is looked at. Wheel and keys change it; dragging marks what may be added.
 * @param {{ channels: any[], main: any, found: any, seen: [number, number], move: (to: [number, number]) => void, about: (middle: number, times: number) => void, marked: [number, number] | null, mark: (to: [number, number] | null) => void }} props */
function Chart({ channels, main, found, seen, move, about, marked, mark }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const drag = useRef(/** @type {number | null} */ (null));
  const time = (/** @type {any} */ event) => {
    const box = canvas.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return seen[0] + ((event.clientX - box.left) / box.width) * (seen[1] - seen[0]);
  };
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, channels, main, found, seen, marked);
    draw();
    const watch = new ResizeObserver(draw);
    if (canvas.current) watch.observe(canvas.current);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-large"] });
    return () => { watch.disconnect(); theme.disconnect(); };
  });
  useEffect(() => {
    const wheel = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      about(time(event), event.deltaY > 0 ? 1.25 : 0.8);
    };
    canvas.current?.addEventListener("wheel", wheel, { passive: false });
    return () => canvas.current?.removeEventListener("wheel", wheel);
  });
  const key = (/** @type {KeyboardEvent} */ event) => {
    const length = seen[1] - seen[0];
    const by = { ArrowLeft: -length / 4, ArrowRight: length / 4 }[event.key];
    if (by) move([seen[0] + by, seen[1] + by]);
    else if (event.key === "ArrowUp") about((seen[0] + seen[1]) / 2, 0.5);
    else if (event.key === "ArrowDown") about((seen[0] + seen[1]) / 2, 2);
    else if (event.key === "Home") move([0, length * 1e6]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<canvas class="chart" ref=${canvas} tabindex="0" role="img" aria-label=${t("review.chart", { from: clock(seen[0]), to: clock(seen[1]), count: (main?.contractions ?? []).filter((/** @type {any} */ one) => one.to_s >= seen[0] && one.from_s <= seen[1]).length })}
    onKeyDown=${key}
    onPointerDown=${(/** @type {any} */ event) => { drag.current = time(event); event.target.setPointerCapture(event.pointerId); }}
    onPointerMove=${(/** @type {any} */ event) => { if (drag.current != null) { const now = time(event); mark([Math.max(0, Math.min(drag.current, now)), Math.max(drag.current, now)]); } }}
    onPointerUp=${(/** @type {any} */ event) => { if (drag.current != null && Math.abs(time(event) - drag.current) < (seen[1] - seen[0]) / 200) mark(null); drag.current = null; }}></canvas>`;
}

/** @param {HTMLCanvasElement} canvas @param {any[]} channels @param {any} main @param {any} found @param {[number, number]} seen @param {[number, number] | null} marked */
function paint(canvas, channels, main, found, seen, marked) {
  const ratio = Math.min(3, devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context || width === 0) return;
  const colours = palette();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.75;
  context.font = `${size}px system-ui, sans-serif`;
  const x = (/** @type {number} */ s) => ((s - seen[0]) / (seen[1] - seen[0])) * width;
  const foot = size * 1.8;
  const bars = size * 1.2;
  const each = (height - foot - bars) / channels.length;
  // Times, some of them.
  const step = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200].find((one) => (one / (seen[1] - seen[0])) * width > 90) ?? 14400;
  context.fillStyle = colours.soft;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.textAlign = "center";
  for (let at = Math.ceil(seen[0] / step) * step; at < seen[1]; at += step) {
    context.beginPath();
    context.moveTo(x(at), 0);
    context.lineTo(x(at), height - foot);
    context.stroke();
    context.fillText(clock(at), x(at), height - size * 0.5);
  }
  if (marked) {
    context.fillStyle = colours["band-fill"];
    context.fillRect(x(marked[0]), 0, Math.max(1, x(marked[1]) - x(marked[0])), height - foot);
  }
  channels.forEach((one, index) => {
    const top = bars + index * each;
    const isMain = main && main.stream === one.stream && main.channel === one.channel;
    trace(context, one, { x, top, each, colour: isMain || channels.length === 1 ? colours.trace : colours.second, soft: colours.soft, size });
  });
  for (const one of main?.contractions ?? []) {
    const from = x(one.from_s);
    const long = Math.max(3, x(one.to_s) - from);
    if (from > width || from + long < 0) continue;
    context.lineWidth = 2;
    context.strokeStyle = context.fillStyle = one.added != null ? colours.template : colours.band;
    if (one.counts) context.fillRect(from, 2, long, bars - 6);
    else context.strokeRect(from + 1, 3, Math.max(2, long - 2), bars - 8);
  }
  context.fillStyle = colours.template;
  for (const one of [...(found?.marks ?? []), ...(found?.notes ?? [])]) {
    if (one.at_s != null) context.fillRect(x(one.at_s) - 1, bars, 2, height - foot - bars);
  }
}

/** One channel: its envelope, and the signal faintly behind it. The signal of an EMG swings about zero, and is folded up
 * onto the side of its envelope.
 * @param {CanvasRenderingContext2D} context @param {any} one
 * @param {{ x: (s: number) => number, top: number, each: number, colour: string, soft: string, size: number }} place */
function trace(context, one, { x, top, each, colour, soft, size }) {
  const isFolded = one.kind === "emg" && one.level_low != null;
  /** @typedef {(number | null)[]} Side */
  /** @type {[Side, Side]} */
  const raw = isFolded
    ? [one.low.map((/** @type {number | null} */ low, /** @type {number} */ at) => (low == null ? null : low <= 0 && one.high[at] >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(one.high[at])))),
      one.low.map((/** @type {number | null} */ low, /** @type {number} */ at) => (low == null ? null : Math.max(Math.abs(low), Math.abs(one.high[at]))))]
    : [one.low, one.high];
  // Of a visit that was taken in from another program there is the level alone.
  /** @type {[Side, Side]} */
  const level = one.level_low ? [one.level_low, one.level_high] : raw;
  const reach = (/** @type {[Side, Side]} */ [lows, highs]) => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of lows) if (value != null && value < low) low = value;
    for (const value of highs) if (value != null && value > high) high = value;
    return [low, high];
  };
  const [least, most] = reach(level);
  let [low, high] = reach(raw);
  if (isFolded) {
    // The envelope is what is looked at: where the signal goes far beyond it, it is cut off.
    low = 0;
    if (most > 0) high = Math.max(most, Math.min(high, 3 * most));
  }
  const range = high > low ? high - low : 1;
  const y = (/** @type {number} */ value) => top + each * 0.95 - ((Math.min(value, high) - low) / range) * each * 0.82;
  const left = (/** @type {number} */ at) => x(one.from_s + at * one.piece_s);
  const wide = Math.max(1, left(1) - left(0));
  context.fillStyle = colour;
  if (one.level_low) {
    context.globalAlpha = 0.28;
    raw[0].forEach((value, at) => {
      const upper = raw[1][at];
      if (value == null || upper == null) return;
      context.fillRect(left(at), y(upper), wide, Math.max(1, y(value) - y(upper)));
    });
    context.globalAlpha = 1;
  }
  // The level: what lies between its extremes, from the middle of a piece to the middle of the next.
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.lineJoin = "round";
  const edge = (/** @type {Side} */ side, /** @type {number} */ at) => context.lineTo(left(at) + wide / 2, y(/** @type {number} */ (side[at])));
  for (let at = 0; at < level[0].length; at += 1) {
    if (level[0][at] == null) continue;
    const first = at;
    context.beginPath();
    context.moveTo(left(first), y(/** @type {number} */ (level[1][first])));
    for (; level[0][at] != null; at += 1) edge(level[1], at);
    context.lineTo(left(at), y(/** @type {number} */ (level[1][at - 1])));
    context.lineTo(left(at), y(/** @type {number} */ (level[0][at - 1])));
    for (let back = at - 1; back >= first; back -= 1) edge(level[0], back);
    context.lineTo(left(first), y(/** @type {number} */ (level[0][first])));
    context.closePath();
    context.fill();
    context.stroke();
  }
  context.textAlign = "start";
  context.fillStyle = soft;
  const digits = range < 10 ? 1 : 0;
  context.fillText(`${one.label} · ${number(least, digits)}–${number(most, digits)} ${unitText(one.unit)}`, 6, top + size);
}
