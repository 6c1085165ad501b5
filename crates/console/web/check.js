// @ts-check
// From the probe to the visit: is the signal fit, is it comfortable, is there anything that speaks against it.

import { html, useEffect, useRef, useState } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Title, Wait, Wrong, programmeName } from "./parts.js";
import { lane, palette } from "./trace.js";
import { number, t, unitText } from "./words.js";

const STEPS = ["signal", "comfort", "questions"];

/** @param {{ desk: import("./desk.js").Desk, store: import("./store.js").Store, again: () => void }} props */
export function Check({ desk, store, again }) {
  const [step, go] = useState(0);
  const back = () => (step > 0 ? go(step - 1) : desk.ask("connect").catch(again));
  const name = STEPS[step];
  return html`<div class="centre">
    <ol class="steps" aria-label=${t("check.steps")}>${STEPS.map((one, index) => html`<li key=${one} class=${index < step ? "done" : ""} aria-current=${index === step ? "step" : undefined}>${t(`check.${one}`)}</li>`)}</ol>
    ${name === "signal" && html`<${Signal} desk=${desk} store=${store} again=${again} go=${() => go(1)} back=${back} />`}
    ${name === "comfort" && html`<${Comfort} go=${() => go(2)} back=${back} />`}
    ${name === "questions" && html`<${Questions} desk=${desk} back=${back} />`}
  </div>`;
}

/** @param {{ desk: import("./desk.js").Desk, store: import("./store.js").Store, again: () => void, go: () => void, back: () => void }} props */
function Signal({ desk, store, again, go, back }) {
  /** @type {any} */
  const stage = desk.stage ?? {};
  const channels = stage.channels ?? [];
  return html`<${Title}>${t("check.signal.title")}<//>
    <p>${t("check.signal.text")}</p>
    ${channels.length === 0 && html`<${Wait} text=${t("live.waiting")} />`}
    ${channels.map((/** @type {any} */ one) => html`<${Channel} key=${`${one.stream}.${one.channel}`} one=${one} desk=${desk} store=${store} again=${again} stale=${stage.stale_days} isFirst=${`${one.stream}.${one.channel}` === store.mainKey} />`)}
    <p class="soft" role="status">${stage.clean ? t("check.clean") : channels.length ? t("check.not-clean") : ""}</p>
    <div class="row"><button class=${stage.clean ? "main" : ""} disabled=${channels.length === 0} onClick=${go}>${t(stage.clean ? "check.go" : "check.all-the-same")}</button><button onClick=${back}>${t("act.back")}</button></div>`;
}

/** @param {{ one: any, desk: import("./desk.js").Desk, store: import("./store.js").Store, again: () => void, stale: number, isFirst: boolean }} props */
function Channel({ one, desk, store, again, stale, isFirst }) {
  const canvas = useRef(null);
  const key = `${one.stream}.${one.channel}`;
  useEffect(() => {
    const timer = setInterval(() => {
      const colours = palette();
      // In the colour that it has in the visit.
      if (canvas.current) lane(canvas.current, store, key, { ...colours, second: isFirst ? colours.trace : colours.second }, false);
    }, 100);
    return () => clearInterval(timer);
  }, [isFirst]);
  const role = store.role(one);
  // Of a probe that does not say where it lies, the channel is called what the probe calls it.
  const name = role ? t(`role.${role}`) : one.label || t("role.other");
  const said = (/** @type {string} */ text) => desk.said(text, again);
  const open = one.findings.filter((/** @type {any} */ finding) => finding.now);
  const isOld = one.calibration === "kept" && one.calibrated_days > stale;
  return html`<section class="card stack" aria-label=${name}>
    <div class="row"><h2>${name}</h2>${role && html`<span class="soft small">${one.label}</span>`}
      <span class=${`chip ${one.verdict === "clean" ? "good" : one.verdict === "faulty" ? "notice" : ""}`}>${t(`verdict.${one.verdict}`, { s: number(one.remaining_s ?? 0) })}</span></div>
    <div class="strip"><canvas ref=${canvas} role="img" aria-label=${t("check.strip", { name })}></canvas></div>
    ${open.length > 0 && html`<ul class="plain">${open.map((/** @type {any} */ finding) => html`<li key=${finding.fault}><b>${said(finding.reason)}</b>${!finding.note && html`<br />${said(finding.remedy)}`}</li>`)}</ul>`}
    <p class="soft small">${t(`calibration.${one.calibration}`, { days: number(one.calibrated_days ?? 0), unit: unitText(one.unit) })}${isOld ? ` ${t("calibration.old")}` : ""}</p>
  </section>`;
}

/** @param {{ go: () => void, back: () => void }} props */
function Comfort({ go, back }) {
  return html`<${Title}>${t("comfort.title")}<//>
    <section class="card stack"><ul>${["place", "bladder", "probe", "breath", "stop", "consent"].map((one) => html`<li key=${one}>${t(`comfort.${one}`)}</li>`)}</ul></section>
    <div class="row"><button class="main" onClick=${go}>${t("comfort.go")}</button><button onClick=${back}>${t("act.back")}</button></div>`;
}

/** @param {{ desk: import("./desk.js").Desk, back: () => void }} props */
function Questions({ desk, back }) {
  const hello = useAnswer(desk, "hello", {});
  const [yes, mark] = useState(/** @type {string[]} */ ([]));
  const [none, setNone] = useState(false);
  const [result, show] = useState(/** @type {any} */ (null));
  const [trouble, say] = useState("");
  const isBusy = useRef(false);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  // Who uses the keyboard is where it is said, and not behind it.
  useEffect(() => heading.current?.focus(), [result]);
  if (!hello.told) return html`<${Title}>${t("questions.title")}<//><${Wrong} text=${hello.trouble} />${hello.busy && html`<${Wait} />`}`;
  const toggle = (/** @type {string} */ id) => {
    setNone(false);
    show(null);
    mark(yes.includes(id) ? yes.filter((/** @type {string} */ one) => one !== id) : [...yes, id]);
  };
  const attempt = async (/** @type {string} */ what, /** @type {object} */ fields = {}) => {
    say("");
    try {
      return (await desk.ask(what, { symptoms: yes, ...fields })).told;
    } catch (why) {
      say(/** @type {Error} */ (why).message);
      return null;
    }
  };
  const begin = async () => {
    const told = await attempt("begin", { answered: true });
    if (told && !told.begins) show({ ...told, closed: true });
  };
  const next = async () => {
    // A click too many asks nothing.
    if (isBusy.current) return;
    isBusy.current = true;
    const told = await attempt("answers");
    if (told && (told.urgency || told.training)) show(told);
    else if (told) await begin();
    isBusy.current = false;
  };
  const groups = [["flags", hello.told.symptoms.filter((/** @type {any} */ one) => one.urgency !== "weighed")], ["others", hello.told.symptoms.filter((/** @type {any} */ one) => one.urgency === "weighed")]];
  const programme = desk.stage?.choice?.programme;
  return html`<${Title}>${t("questions.title")}<//><p>${t("questions.text")}</p>
    ${groups.map(([name, list]) => html`<fieldset key=${name} class="card ticks"><legend>${t(`questions.${name}`)}</legend>
      ${/** @type {any[]} */ (list).map((/** @type {any} */ one) => html`<label key=${one.id} class="option"><input type="checkbox" checked=${yes.includes(one.id)} onChange=${() => toggle(one.id)} /><span>${one.text}</span></label>`)}</fieldset>`)}
    <label class="option card"><input type="checkbox" checked=${none} onChange=${() => { setNone(!none); mark([]); show(null); }} /><span><b>${t("questions.none")}</b></span></label>
    <${Wrong} text=${trouble} />
    ${result && html`<section class="card stack wrong" role="alert">
      <h2 ref=${heading} tabindex="-1">${result.headline ?? (result.closed ? t("questions.closed", { name: programmeName(programme) }) : t("questions.care"))}</h2>
      ${result.reported.length > 0 && html`<p>${t("questions.reported", { list: result.reported.join("; ") })}</p>`}
      ${result.training && html`<p>${result.training}</p>`}
      ${result.closed && !result.headline && !result.training && html`<p>${result.why}</p>${!desk.stage?.choice?.person && html`<p>${t("plan.no-code")}</p>`}`}
      <div class="row">${result.may_measure && !result.closed && html`<button class="main" onClick=${begin}>${t("questions.begin-with-care")}</button>`}
        <button onClick=${() => desk.ask("connect").catch(() => {})}>${t("questions.other")}</button></div></section>`}
    <div class="row"><button class="main" disabled=${result !== null || (!none && yes.length === 0)} onClick=${next}>${t("questions.begin")}</button><button onClick=${back}>${t("act.back")}</button></div>`;
}
