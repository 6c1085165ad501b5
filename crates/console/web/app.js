// @ts-check
// The page: which screen is shown, keys, what is asked of the program.

import { dress, html, keep, listeners, render, settings, useEffect, useRef, useState } from "./ui.js";
import { Link } from "./link.js";
import { Store } from "./store.js";
import { Live, task } from "./live.js";
import { Check } from "./check.js";
import { Connect, prefer } from "./connect.js";
import { Desk } from "./desk.js";
import { Done } from "./done.js";
import { programmeName } from "./parts.js";
import { Plan } from "./plan.js";
import { Progress } from "./progress.js";
import { Review } from "./review.js";
import { Settings } from "./settings.js";
import { Sound } from "./sound.js";
import { clock, native, speak, t } from "./words.js";

const store = new Store();
const sound = new Sound(store);
let isDue = false;
/** When a screen reader was last told something. */
let saidAt = 0;
const MODES = ["guided", "simple", "clinician", "game"];

const link = new Link({
  points: (points) => store.points(points),
  message: (message) => {
    if (desk.hear(message)) {
      if (message.type === "stage") turn(message.stage);
      refresh();
      return;
    }
    store.message(message);
    sound.hear(message);
    if (message.isNews) announce(message);
  },
  state: (state) => {
    store.link = state;
    if (state === "lost") {
      desk.drop();
      if (!desk.stage || desk.stage.stage === "live") sound.lost();
    }
    refresh();
  },
});
store.latency = link.latency;
const desk = new Desk(link);
/** What was told last; one screen follows another only when the visit goes on. */
let stage = "";

/** The visit went on: so does the page. @param {string} to */
function turn(to) {
  if (to === stage) return;
  stage = to;
  ui.screen = to;
}

store.listeners.add((message) => {
  if (message.type !== "pong") refresh();
});

/** The whole is drawn anew at most ten times a second; what moves draws itself. */
function refresh() {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    if (document.documentElement.dataset.ready) render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
  }, 60);
}

/** What a screen reader is told: the phase, politely, at most every two seconds. */
/** @param {import("./types.js").Message} message */
function announce(message) {
  if (message.type !== "cue") return;
  const now = performance.now();
  const doing = task(store);
  if (!doing || now - saidAt < 2000) return;
  saidAt = now;
  const region = document.getElementById("live-region");
  if (region) region.textContent = doing.words || doing.word;
}

/** @type {{ screen: string, note: boolean, help: boolean }} */
const ui = { screen: "live", note: false, help: false };
/** @param {Partial<typeof ui>} changes */
function go(changes) {
  Object.assign(ui, changes);
  refresh();
}

function mode() {
  return settings.mode || store.scene?.mode || "guided";
}

/** @param {string} what */
export function act(what) {
  switch (what) {
    case "pause":
      if (!store.isThrough) link.send({ do: "conduct", what: store.isPaused ? "resume" : "suspend" });
      break;
    case "start":
      link.send({ do: "conduct", what: "start" });
      break;
    case "skip":
      // What comes after the last step is the end.
      link.send(store.isThrough ? { do: "stop" } : { do: "conduct", what: store.programmeState === "waiting" ? "start" : "skip" });
      break;
    case "mark":
      link.send({ do: "mark", text: "" });
      break;
    case "note":
      go({ note: true });
      break;
    case "sound":
      keep({ sound: settings.sound === "off" ? "effort" : settings.sound === "effort" ? "target" : "off" });
      sound.wake();
      break;
    case "louder":
    case "softer":
      keep({ volume: Math.min(1, Math.max(0, Math.round(10 * settings.volume + (what === "louder" ? 1 : -1)) / 10)) });
      sound.wake();
      break;
    case "stop":
      // At once, without a question: whoever presses it has a reason.
      link.send({ do: "stop" });
      sound.silence();
      break;
    case "mode":
      keep({ mode: MODES[(MODES.indexOf(mode()) + 1) % MODES.length] });
      break;
    case "raw":
      if (mode() === "clinician") keep({ raw: !settings.raw });
      break;
    case "theme":
      keep({ theme: document.documentElement.dataset.theme === "dark" ? "light" : "dark" });
      break;
    case "full":
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen?.();
      break;
    case "help":
      go({ help: !ui.help });
      break;
    default:
      break;
  }
  refresh();
}

/** @type {Record<string, string>} */
const LETTERS = { e: "mark", n: "note", m: "sound", "+": "louder", "-": "softer", g: "mode", r: "raw", h: "theme", f: "full", "?": "help" };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const at = /** @type {HTMLElement} */ (event.target);
  // One that is about to go still takes the keys.
  const isOpen = ui.note || ui.help || document.querySelector("dialog[open]") !== null;
  if (event.key === "Escape") {
    if (isOpen) go({ note: false, help: false });
    else if (ui.screen === "live") act("stop");
    return;
  }
  if (isOpen || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
  const onButton = at.tagName === "BUTTON";
  if (event.key === " " && !onButton && ui.screen === "live") {
    event.preventDefault();
    act("pause");
  } else if (event.key === "Enter" && !onButton && ui.screen === "live") {
    act("skip");
  } else if (settings.letters && LETTERS[event.key.toLowerCase()]) {
    event.preventDefault();
    act(LETTERS[event.key.toLowerCase()]);
  }
});
addEventListener("pointerdown", () => sound.wake());
addEventListener("keydown", () => sound.wake());

/** Somebody chose a programme: back to where a visit begins, with it. @param {{ programme: string, person: string }} chosen */
function choose(chosen) {
  prefer(chosen);
  if (stage === "connect") go({ screen: "connect" });
  else desk.ask("connect").catch(refresh);
}

/** Screens that there are now, the one of the visit first. While it runs nothing leads away from it. */
function open() {
  if (!desk.stage) return [store.result === null ? "live" : "done", "settings"];
  if (stage === "live") return ["live", "settings"];
  return [stage, "review", "plan", "progress", "settings"];
}

function App() {
  if (store.link === "refused") {
    return html`<main><div class="centre"><section class="card"><h1>${t("refused.title")}</h1><p class="soft">${t("refused.text")}</p></section></div></main>`;
  }
  const screens = open();
  const screen = screens.includes(ui.screen) ? ui.screen : screens[0];
  return html`
    <${Head} screen=${screen} screens=${screens} />
    ${store.missed > 0 && html`<div class="banner">${t("behind", { count: store.missed })}</div>`}
    <${Trouble} />
    <main class=${mode()}>
      ${screen === "live" && html`<${Live} store=${store} act=${act} mode=${mode()} />`}
      ${screen === "connect" && html`<${Connect} desk=${desk} />`}
      ${screen === "check" && html`<${Check} desk=${desk} store=${store} again=${refresh} />`}
      ${screen === "done" && html`<${Done} store=${store} desk=${desk} />`}
      ${screen === "review" && html`<${Review} desk=${desk} />`}
      ${screen === "plan" && html`<${Plan} desk=${desk} choose=${choose} />`}
      ${screen === "progress" && html`<${Progress} desk=${desk} />`}
      ${screen === "settings" && html`<${Settings} />`}
    </main>
    <footer>${t("position")}</footer>
    <div id="live-region" class="hidden" role="status" aria-live="polite"></div>
    ${ui.note && html`<${Note} />`}
    ${ui.help && html`<${Help} />`}`;
}

/** @param {{ screen: string, screens: string[] }} props */
function Head({ screen, screens }) {
  const state = store.state;
  const main = store.channels[0];
  const isLive = store.ageMs < 1000 && state?.link === "streaming";
  const isMeasured = desk.stage ? stage === "live" : store.result === null;
  const where = store.programme && store.cue ? t("head.step", { name: programmeName(store.programme.id, store.programme.name) }) : store.scene?.virtual ? t("head.virtual") : "";
  return html`<header class="bar">
    <span class="mark"><img src="icon.svg" alt="" /><span>levator</span></span>
    <nav aria-label=${t("nav.title")}>${screens.map((one) => html`<button key=${one} aria-current=${one === screen ? "page" : undefined} onClick=${() => go({ screen: one })}>${t(`nav.${one}`)}</button>`)}</nav>
    ${where && html`<span class="soft small">${where}</span>`}
    <span class="push row">
      ${isMeasured && html`
      <span class=${`chip ${isLive ? "good" : "notice"}`}>${isLive ? t("head.live", { hz: Math.round(main?.rate_hz ?? 0) }) : t("head.not-live")}</span>
      ${main && !main.good && html`<span class="chip notice" title=${main.findings[0]?.remedy ?? ""}>${main.findings[0] ? t("head.check") : t("head.settling")}</span>`}
      <span class=${`chip ${state?.recording && (state.recording.refused || state.recording.missing || state.recording.broken) ? "notice" : ""}`}>${state?.recording && !state.recording.broken ? t("head.recording", { time: clock(state.at_s) }) : t("head.unrecorded", { time: clock(state?.at_s ?? 0) })}</span>`}
      ${screen === "live" && html`<button aria-label=${`${t("act.mode")}: ${t(`mode.${mode()}`)}`} onClick=${() => act("mode")}>${t(`mode.${mode()}`)}</button>`}
      <button aria-label=${t("act.help")} onClick=${() => act("help")}>?</button>
    </span>
  </header>`;
}

/** What must not be overlooked. */
function Trouble() {
  const state = store.state;
  if (!state || store.result || (desk.stage && stage !== "live")) return null;
  const lost = state.recording && (state.recording.missing > 0 || state.recording.refused || state.recording.broken);
  if (lost) return html`<div class="banner" role="alert"><b>${t("trouble.disk")}</b> ${state.recording.refusal ?? ""}</div>`;
  if (state.engine_failure) return html`<div class="banner" role="alert"><b>${t("trouble.engine")}</b></div>`;
  const finding = store.channels[0]?.findings[0];
  return finding ? html`<div class="banner"><b>${finding.fault}:</b> ${finding.remedy}</div>` : null;
}

function Note() {
  const dialog = useRef(null);
  const input = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    input.current.focus();
  }, []);
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = input.current.value.trim();
    if (text) link.send({ do: "mark", text });
    go({ note: false });
  };
  return html`<dialog ref=${dialog} aria-label=${t("note.title")} onClose=${() => go({ note: false })}><form onSubmit=${send}>
    <h2 style="margin-bottom: .7rem"><label for="note">${t("note.title")}</label></h2>
    <textarea id="note" ref=${input} rows="3" maxlength="500" style="width: 100%" onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && !event.shiftKey) send(event); }}></textarea>
    <div class="row" style="margin-top: 1rem; justify-content: flex-end"><button type="button" onClick=${() => go({ note: false })}>${t("act.cancel")}</button><button class="main" type="submit">${t("act.keep")}</button></div>
  </form></dialog>`;
}

function Help() {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const list = [["Space", "act.pause"], ["Enter", "act.next"], ["Esc", "act.stop"], ["E", "act.mark"], ["N", "act.note"], ["M", "act.sound"], ["+ −", "act.volume"], ["G", "act.mode"], ["R", "act.raw"], ["H", "act.theme"], ["F", "act.full"], ["?", "act.help"]];
  return html`<dialog ref=${dialog} aria-label=${t("keys.title")} onClose=${() => go({ help: false })}>
    <h2>${t("keys.title")}</h2>
    <dl class="keys-list">${list.map(([key, word]) => html`<dt><kbd>${key}</kbd></dt><dd>${t(word)}</dd>`)}</dl>
    <button class="main" onClick=${() => go({ help: false })}>${t("act.close")}</button></dialog>`;
}

listeners.add(refresh);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", dress);
dress();
await speak(settings.language || native());
document.documentElement.dataset.ready = "true";
refresh();
// What goes stale without a message is seen all the same.
setInterval(refresh, 500);
/** For tests, which read and never write. */
/** @type {any} */ (globalThis).levatorPage = { store, link, sound, desk, act, go };
