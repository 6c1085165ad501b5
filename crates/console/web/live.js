// @ts-check
// The live screen: trace, task, level.

import { html, isStill, settings, useEffect, useRef, useState } from "./ui.js";
import { Trace, lane, palette, road, signal } from "./trace.js";
import { LOST_MS, STALE_MS } from "./store.js";
import { clock, has, number, t, unitText } from "./words.js";

/** @typedef {import("./store.js").Store} Store */

/** Words for the cue of a phase: one's own stay as they are. @param {Store} store */
export function task(store) {
  const { programme, cue } = store;
  if (!programme || !cue) return null;
  const phase = programme.phases[cue.phase];
  const isWork = cue.part === "work";
  const key = `cue.${isWork ? phase.cue : phase.rest_cue}`;
  const given = isWork ? phase.words : phase.rest_words;
  const words = isWork && phase.said ? phase.words : has(key) ? t(key) : given;
  return {
    phase, cue, isWork,
    isLift: isWork && phase.strains,
    word: t(`step.${isWork ? phase.kind : "rest"}`),
    words: words ?? "",
  };
}

/** What a channel is called: what it is there for, or its own name. @param {Store} store @param {any} one */
function named(store, one) {
  const role = store.role(one);
  return role ? t(`role.${role}`) : `${one.label || t("role.other")} ${one.channel + 1}`;
}

/** The level as a share of the person's own range, where that is known.
 * @param {Store} store @param {number} value */
export function percent(store, value) {
  const levels = store.levels.get(store.mainKey);
  if (levels?.rest == null || levels?.most == null || levels.most <= levels.rest) return null;
  return (100 * (value - levels.rest)) / (levels.most - levels.rest);
}

/** @param {{ store: Store, act: (what: string) => void, mode: string }} props */
export function Live({ store, act, mode }) {
  const canvas = useRef(null);
  const stage = useRef(null);
  const trace = useRef(new Trace());
  const pointer = useRef(/** @type {number | null} */ (null));
  const others = store.channels.slice(1);

  useEffect(() => {
    let colours = palette();
    let theme = document.documentElement.dataset.theme;
    let frame = 0;
    let drawnAt = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const now = performance.now();
      // Where movement is to be small the picture steps, five times a second.
      if (isStill() && now - drawnAt < 200) return;
      drawnAt = now;
      if (document.documentElement.dataset.theme !== theme) {
        theme = document.documentElement.dataset.theme;
        colours = palette();
      }
      const hidden = store.programmeState === "running" && store.cue?.feedback === false;
      stage.current?.classList.toggle("stale", store.ageMs > STALE_MS);
      const isExact = mode === "clinician";
      const options = { colours, hidden: hidden && !isExact, large: settings.large, exact: isExact, cursor: isExact ? pointer.current : null };
      if (canvas.current) trace.current.draw(canvas.current, store, options);
      else trace.current.follow(store);
      for (const element of stage.current?.querySelectorAll("canvas[data-lane]") ?? []) {
        lane(element, store, element.dataset.lane, colours, options.hidden);
      }
      for (const element of stage.current?.querySelectorAll("canvas[data-signal]") ?? []) {
        const one = store.channel(element.dataset.signal);
        if (one) signal(element, store, one, colours, element.dataset.signal === store.mainKey ? colours.trace : colours.second);
      }
      for (const element of document.querySelectorAll(".live .level")) showLevel(element, store, hidden && !isExact, trace.current.bounds);
    };
    frame = requestAnimationFrame(draw);
    /** @type {any} */ (globalThis).levatorTrace = trace.current;
    return () => cancelAnimationFrame(frame);
  }, [mode]);

  const doing = store.isThrough ? null : task(store);
  const main = store.channels[0];
  return html`<div class="live"><h1 class="hidden">${t("nav.live")}</h1>
    <section class="stage" ref=${stage} aria-label=${t("live.trace")}>
      ${mode === "simple" && html`<${Simple} store=${store} doing=${doing} />`}
      ${mode === "game" && html`<${Play} store=${store} />`}
      ${(mode === "guided" || mode === "clinician") && html`<div class="big"><canvas ref=${canvas} role="img" aria-label=${t("live.trace.text")}
        onPointerMove=${(/** @type {PointerEvent} */ event) => { pointer.current = event.offsetX; }} onPointerLeave=${() => { pointer.current = null; }}></canvas></div>`}
      ${(mode === "guided" || mode === "clinician") && others.map((one) => {
        const key = `${one.stream}.${one.channel}`;
        return html`<div class="lane" key=${key}>
          <div class="name"><span>${t(`role.${store.role(one) ?? "other"}`)}</span><span>${mode === "guided" && store.cue?.feedback === false ? "" : one.contracted_since_s == null ? t("lane.soft") : t("lane.active")}</span></div>
          <canvas data-lane=${key} role="img" aria-label=${t(`role.${store.role(one) ?? "other"}`)}></canvas></div>`;
      })}
      ${mode === "clinician" && settings.raw && store.channels.map((one) => {
        const key = `${one.stream}.${one.channel}`;
        return html`<div class="lane" key=${`signal ${key}`}><div class="name">${t("lane.raw", { name: named(store, one) })}</div>
          <canvas data-signal=${key} role="img" aria-label=${t("lane.raw", { name: named(store, one) })}></canvas></div>`;
      })}
      <${Praise} store=${store} />
      <${Overlay} store=${store} act=${act} />
    </section>
    <div class="side">
      <section class=${`card task ${doing?.isLift ? "lift" : ""}`} aria-label=${t("live.task")}>
        ${doing ? html`<${Task} doing=${doing} store=${store} />` : html`<div class="word">${main?.contracted_since_s != null ? t("step.contracted") : t("step.soft")}</div><p class="words">${t("live.free", { count: main?.contractions ?? 0 })}</p>`}
      </section>
      ${mode !== "simple" && html`<section class="card" aria-label=${t("live.level")}><${Level} unit=${unitText(main?.unit)} /></section>`}
    </div>
    ${mode === "clinician" && html`<${Figures} store=${store} />`}
    <${Keys} store=${store} act=${act} mode=${mode} />
  </div>`;
}

/** The bar of the level; what moves in it is moved by `showLevel`. @param {{ unit: string }} props */
function Level({ unit }) {
  return html`<div class="level"><div class="tube"><div class="zone" hidden></div><div class="fill"></div></div>
    <div><div class="value">–</div><div class="soft unit">${unit}</div><div class="small say"></div></div></div>`;
}

/** The level changes with every picture; only its parts are touched.
 * @param {any} element @param {Store} store @param {boolean} hidden @param {[number, number] | null} bounds */
function showLevel(element, store, hidden, bounds) {
  const ring = store.main;
  const isStale = store.ageMs > STALE_MS;
  element.classList.toggle("stale", isStale);
  const value = ring?.level ?? NaN;
  const share = percent(store, value);
  const unit = unitText(store.channels[0]?.unit);
  const [low, high] = bounds ?? [0, 1];
  const height = (/** @type {number} */ at) => Math.min(100, Math.max(0, (100 * (at - low)) / (high - low)));
  element.querySelector(".fill").style.height = hidden || Number.isNaN(value) ? "0" : `${height(value)}%`;
  const now = store.now();
  const band = store.programmeState === "running" ? road(store, now).find((step) => now >= step.from && now < step.to)?.band ?? null : null;
  const zone = element.querySelector(".zone");
  zone.hidden = band === null;
  if (band) {
    const bottom = band.lower == null ? 0 : height(band.lower);
    zone.style.bottom = `${bottom}%`;
    zone.style.height = `${Math.max(0, (band.upper == null ? 100 : height(band.upper)) - bottom)}%`;
  }
  // Text changes four times a second: faster cannot be read.
  const clockMs = performance.now();
  if (clockMs - (element.toldAt ?? 0) < 250) return;
  element.toldAt = clockMs;
  const figure = Number.isNaN(value) ? "–" : share == null ? number(value, value < 10 ? 1 : 0) : `${number(share)} %`;
  element.querySelector(".value").textContent = hidden ? "···" : figure;
  const small = share == null || Number.isNaN(value) ? unit : `${number(value, value < 10 ? 1 : 0)} ${unit}`;
  element.querySelector(".unit").textContent = hidden ? t("live.eyesoff") : isStale ? t("live.stale") : small;
  // A word beside the colour; above the band less is asked for, never more.
  const told = !band || hidden || isStale || Number.isNaN(value) ? ""
    : band.upper != null && value > band.upper ? "live.ease"
    : band.lower != null && value < band.lower ? "live.more" : "live.inband";
  element.querySelector(".say").textContent = told && t(told);
}

/** @param {{ doing: NonNullable<ReturnType<typeof task>>, store: Store }} props */
function Task({ doing, store }) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((/** @type {number} */ count) => count + 1), isStill() ? 500 : 100);
    return () => clearInterval(timer);
  }, []);
  const { cue, phase } = doing;
  const left = Math.max(0, cue.ends_s - store.now());
  const whole = Math.max(0.1, cue.ends_s - cue.starts_s);
  const around = 2 * Math.PI * 52;
  const isRunning = store.programmeState === "running";
  const steps = store.programme?.steps ?? [];
  // A repetition without feedback is told when it is over, its rest included.
  const isTold = (/** @type {number} */ step) => cue.feedback || !isRunning || step < cue.step - (doing.isWork ? 0 : 1);
  const outcomes = new Map(store.trials.filter((one) => isTold(one.step)).map((one) => [one.step, one]));
  const letGo = new Map([...store.letGo].filter(([step]) => isTold(step)));
  const dots = Array.from({ length: Math.min(30, phase.repetitions) }, (_, index) => index + 1);
  return html`
    <div class="word">${doing.word}</div>
    ${phase.breathing && settings.breath ? html`<${Breath} store=${store} />` : html`
    <svg class="ring" viewBox="0 0 120 120" role="img" aria-label=${t("live.left", { s: Math.ceil(left) })}>
      <circle class="back" cx="60" cy="60" r="52" />
      <circle class="done" cx="60" cy="60" r="52" stroke-dasharray=${around} stroke-dashoffset=${(1 - left / whole) * around} />
      <text x="60" y="61">${isRunning ? Math.ceil(left) : "–"}</text>
    </svg>`}
    ${phase.repetitions > 1 && html`<div class="dots" aria-hidden="true">${dots.map((trial) => {
      const step = steps.findIndex((one) => one.phase === cue.phase && one.trial === trial && one.round === cue.round && one.part === "work");
      const outcome = outcomes.get(step);
      const kind = trial === cue.trial && doing.isWork ? "now" : outcome && isMet(outcome) ? "done" : trial < cue.trial || outcome ? "seen" : "";
      return html`<span><i class=${kind}></i>${phase.rest_s > 0 && html`<i class=${`low ${letGo.get(step) ? "done" : ""}`}></i>`}</span>`;
    })}</div><div class="small soft">${t("live.of", { trial: cue.trial, all: phase.repetitions, left: phase.repetitions - cue.trial })}</div>
    <${Tally} released=${[...letGo.values()]} outcomes=${[...outcomes.values()]} />`}
    ${!cue.feedback && isRunning && html`<p class="small">${t("live.hidden")}</p>`}
    <p class="words">${doing.words}</p>`;
}

/** The ring that grows and shrinks with the breath. @param {{ store: Store }} props */
function Breath({ store }) {
  const { programme, cue } = store;
  if (!programme || !cue) return null;
  const pace = programme.phases[cue.phase].breathing;
  if (!pace) return null;
  const step = programme.steps[cue.step];
  const whole = pace.inhale_s + pace.hold_full_s + pace.exhale_s + pace.hold_empty_s;
  let left = (((step?.into_phase_s ?? 0) + cue.into_s + store.now() - cue.starts_s) % whole + whole) % whole;
  let word = "breath.in";
  let full = left / pace.inhale_s;
  if (left >= pace.inhale_s) {
    left -= pace.inhale_s;
    word = "breath.hold";
    full = 1;
    if (left >= pace.hold_full_s) {
      left -= pace.hold_full_s;
      word = "breath.out";
      full = Math.max(0, 1 - left / pace.exhale_s);
      if (left >= pace.exhale_s) word = "breath.hold";
    }
  }
  const radius = isStill() ? 40 : 24 + 30 * (0.5 - 0.5 * Math.cos(Math.PI * full));
  return html`<svg class="ring" viewBox="0 0 120 120" role="img" aria-label=${t(word)}>
    <circle class="back" cx="60" cy="60" r="54" /><circle cx="60" cy="60" r=${radius} style="fill: var(--lift-fill); stroke: var(--accent); stroke-width: 4" />
    <text x="60" y="61" style="font-size: 17px">${t(word)}</text></svg>`;
}

/** Whether a repetition did what was asked for: in the band, or, where there is none, found and counted.
 * @param {any} trial */
function isMet(trial) {
  return trial.success ?? (trial.validity === "valid" && trial.onset_s != null);
}

/** Letting go counts as much as lifting. @param {{ released: boolean[], outcomes: any[] }} props */
function Tally({ released, outcomes }) {
  const judged = outcomes.filter((one) => one.success !== null || one.onset_s != null);
  if (judged.length === 0 && released.length === 0) return null;
  return html`<div class="small">${t("live.lifted", { done: judged.filter(isMet).length, all: judged.length })}<br />${t("live.let-go", { done: released.filter(Boolean).length, all: released.length })}</div>`;
}

/** One bar, one word. @param {{ store: Store, doing: any }} props */
function Simple({ store, doing }) {
  const main = store.channels[0];
  return html`<div class="one"><div class="count">${doing ? doing.word : main?.contracted_since_s != null ? t("step.contracted") : t("step.soft")}</div>
    <${Level} unit=${unitText(main?.unit)} /></div>`;
}

/** The game; its file comes when it is first asked for. @param {{ store: Store }} props */
function Play({ store }) {
  const canvas = useRef(null);
  const [lights, count] = useState(0);
  const [way, turn] = useState("");
  useEffect(() => {
    let frame = 0;
    let stop = () => {};
    let isGone = false;
    import("./game.js").then(({ Game, direction, drawGame }) => {
      if (isGone) return;
      // The same programme has the same lanterns.
      const seed = [...(store.programme?.id ?? "free")].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7) % 65521;
      const game = new Game(seed, direction(store.programme));
      let theme = document.documentElement.dataset.theme;
      let colours = palette();
      turn(game.way);
      const follow = () => game.follow(store);
      store.followers.add(follow);
      follow();
      /** @type {any} */ (globalThis).levatorGame = game;
      let drawnAt = 0;
      const draw = () => {
        frame = requestAnimationFrame(draw);
        const now = performance.now();
        if (isStill() && now - drawnAt < 200) return;
        drawnAt = now;
        const isHidden = store.programmeState === "running" && store.cue?.feedback === false;
        if (document.documentElement.dataset.theme !== theme) {
          theme = document.documentElement.dataset.theme;
          colours = palette();
        }
        if (canvas.current) drawGame(canvas.current, game, store, colours, isHidden);
        count(game.lights);
      };
      draw();
      stop = () => store.followers.delete(follow);
    });
    return () => { isGone = true; stop(); cancelAnimationFrame(frame); };
  }, []);
  const levels = store.levels.get(store.mainKey);
  return html`<div class="big"><canvas ref=${canvas} role="img" aria-label=${t("game.title")}></canvas></div>
    <div class="lane"><div class="name"><b>${t("game.lights", { count: lights })}</b><span>${levels?.most == null ? t("game.waits") : way && t(`game.text.${way}`)}</span></div></div>`;
}

/** Numbers and thresholds, for who treats. @param {{ store: Store }} props */
function Figures({ store }) {
  const unit = unitText(store.channels[0]?.unit);
  const levels = store.levels.get(store.mainKey);
  const latest = store.trials.slice(-5).reverse();
  const told = store.latency?.figures();
  const delay = store.channels[0]?.delay_ms;
  const late = (/** @type {any} */ one) => (one ? `${[one.p50, one.p99, one.max].map((ms) => number(ms, 1)).join(" · ")} ms` : "–");
  const value = (/** @type {number | null | undefined} */ one) => (one == null ? "–" : `${number(one, 1)} ${unit}`);
  const pairs = [
    ["clinic.rest", value(levels?.rest)], ["clinic.most", value(levels?.most)],
    ["clinic.lost", number(store.state?.counts.lost ?? 0)],
    ["clinic.latency", late(store.state?.latency_ms)], ["clinic.events", late(told?.events)], ["clinic.points", late(told?.points)],
    ["clinic.delay", delay ? `${number(delay.device + delay.filter + delay.envelope)} ms` : "–"],
  ];
  return html`<section class="card figures"><dl>${pairs.map(([name, words]) => html`<div><dt class="soft small">${t(name)}</dt><dd>${words}</dd></div>`)}</dl>
    <h2>${t("clinic.last")}</h2>
    ${latest.length === 0 ? html`<p class="soft small">${t("clinic.none")}</p>` : html`<div class="wide" tabindex="0" role="region" aria-label=${t("clinic.last")}><table><thead><tr><th scope="col">#</th><th scope="col">${t("clinic.onset")}</th><th scope="col">${t("clinic.length")}</th><th scope="col">${t("clinic.level")}</th><th scope="col">${t("clinic.band")}</th><th scope="col">${t("clinic.counts")}</th></tr></thead>
    <tbody>${latest.map((one) => html`<tr><td>${one.trial}</td><td>${one.onset_s == null ? "–" : `${number(one.onset_s, 2)} s`}</td><td>${one.onset_s == null || one.offset_s == null ? "–" : `${number(one.offset_s - one.onset_s, 1)} s`}</td><td>${value(one.level)}</td><td>${one.success == null ? "–" : t(one.success ? "clinic.yes" : "clinic.no")}</td><td>${t(one.validity === "valid" ? "clinic.yes" : "clinic.no")}${one.reasons.length > 0 ? html` <span class="soft small">${one.reasons.join(", ")}</span>` : ""}</td></tr>`)}</tbody></table></div>`}
  </section>`;
}

/** Lifting and letting go are praised alike, for two seconds. @param {{ store: Store }} props */
function Praise({ store }) {
  const [word, say] = useState("");
  useEffect(() => {
    let timer = 0;
    const hear = (/** @type {any} */ message) => {
      // Praise is feedback, too.
      if (!message.isNews || store.programme === null || store.cue?.feedback === false || `${message.stream}.${message.channel}` !== store.mainKey) return;
      const isLift = message.type === "trial" && isMet(message);
      // At once, when the end is found; whether the level was all the way down is measured later (the marks).
      const isAsked = store.cue !== null && store.cue.part !== "work";
      const isLetGo = message.type === "contraction" && message.what === "contraction" && message.offset_s != null && isAsked;
      if (!isLift && !isLetGo) return;
      say(t(isLetGo || /rest|after|between|relax/.test(message.task) && isLift ? "praise.let-go" : "praise.lift"));
      clearTimeout(timer);
      timer = setTimeout(() => say(""), 2000);
    };
    store.listeners.add(hear);
    return () => { store.listeners.delete(hear); clearTimeout(timer); };
  }, []);
  return word ? html`<div class="praise"><span>${word}</span></div>` : null;
}

/** Before what was interrupted is done again: three, two, one. @param {{ store: Store }} props */
function Countdown({ store }) {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((/** @type {number} */ count) => count + 1), 100);
    return () => clearInterval(timer);
  }, []);
  const { cue } = store;
  const left = cue ? cue.ends_s - store.now() : 0;
  if (cue?.part !== "recovery" || store.programmeState !== "running" || left > 3 || left <= 0) return null;
  return html`<div class="over"><div class="card"><p>${t("live.again")}</p><div class="count">${Math.ceil(left)}</div></div></div>`;
}

/** What stands over the trace when something is not as it should be.
 * @param {{ store: Store, act: (what: string) => void }} props */
function Overlay({ store, act }) {
  const isOver = store.result !== null || store.state?.over;
  if (isOver) return null;
  if (store.link === "lost") {
    return html`<div class="over"><div class="card" role="alert"><h2>${t("gone.title")}</h2><p>${t("gone.text", { time: clock(store.state?.at_s ?? 0) })}</p></div></div>`;
  }
  if (store.samplesAt > 0 && store.ageMs > LOST_MS) {
    return html`<div class="over"><div class="card" role="alert"><h2>${t("lost.title")}</h2><p>${t(store.scene?.recorded ? "lost.text" : "lost.text.unrecorded")}</p>
      ${store.programmeState === "paused-gap" && html`<p>${t("paused-gap.text")}</p>`}
      ${store.state?.port_trouble && html`<p class="soft small">${store.state.port_trouble}</p>`}
      ${store.ageMs > 60000 && html`<div class="row"><button onClick=${() => act("stop")}>${t("lost.finish")}</button></div>`}</div></div>`;
  }
  if (store.programmeState.startsWith("paused")) {
    return html`<div class="over"><div class="card"><h2>${t(`${store.programmeState}.title`)}</h2><p>${t(`${store.programmeState}.text`)}</p>
      ${store.isPaused && html`<button class="main" onClick=${() => act("pause")}>${t("act.resume")} ${settings.letters && html`<kbd>Space</kbd>`}</button>`}</div></div>`;
  }
  if (store.isThrough) {
    return html`<div class="over"><div class="card" role="status"><h2>${t(store.programmeState === "done" ? "over.title" : "over.stopped")}</h2><p>${t("over.text")}</p>
      <button class="main" onClick=${() => act("stop")}>${t("act.finish")} ${settings.letters && html`<kbd>Enter</kbd>`}</button></div></div>`;
  }
  if (!store.main) return html`<div class="over"><p class="soft">${t("live.waiting")}</p></div>`;
  return html`<${Countdown} store=${store} />`;
}

/** @param {{ store: Store, act: (what: string) => void, mode: string }} props */
function Keys({ store, act, mode }) {
  const isRun = store.programme !== null;
  const key = (/** @type {string} */ name) => settings.letters && html`<kbd>${name}</kbd>`;
  const { isPaused } = store;
  return html`<div class="keys" role="toolbar" aria-label=${t("keys.title")}>
    ${isRun && !store.isThrough && html`<button onClick=${() => act("pause")}>${t(isPaused ? "act.resume" : "act.pause")} ${key("Space")}</button>
    <button onClick=${() => act("skip")}>${t("act.next")} ${key("Enter")}</button>`}
    <button onClick=${() => act("mark")}>${t("act.mark")} ${key("E")}</button>
    <button onClick=${() => act("note")}>${t("act.note")} ${key("N")}</button>
    ${mode === "clinician" && html`<button aria-pressed=${settings.raw} onClick=${() => act("raw")}>${t("act.raw")} ${key("R")}</button>`}
    <button aria-pressed=${settings.sound !== "off"} onClick=${() => act("sound")}>${t(`sound.${settings.sound}`)} ${key("M")}</button>
    <button class="stop push" onClick=${() => act("stop")}>${t("act.stop")} ${key("Esc")}</button>
  </div>`;
}
