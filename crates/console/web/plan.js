// @ts-check
// What there is to do: programmes with their dose, and which are open to whom, and why not.

import { html, useState } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Choose, Title, Wait, Wrong, minutes, programmeName } from "./parts.js";
import { number, t, unitText } from "./words.js";

/** Whose plan it is; "" is nobody's who is kept by a code. */
const at = { person: "" };

/** @param {{ desk: import("./desk.js").Desk, value: string, choose: (person: string) => void }} props */
export function Whose({ desk, value, choose }) {
  const { told } = useAnswer(desk, "hello", {});
  const people = told?.people ?? [];
  if (people.length === 0) return null;
  return html`<${Choose} id="whose" label=${t("plan.whose")} value=${value} choose=${choose} options=${[["", t("plan.nobody")], ...people.map((/** @type {any} */ one) => [one.person, one.person])]} />`;
}

/** @param {{ desk: import("./desk.js").Desk, choose: (chosen: { programme: string, person: string }) => void }} props */
export function Plan({ desk, choose }) {
  const [person, set] = useState(at.person);
  at.person = person;
  const { told, trouble, busy } = useAnswer(desk, "plan", { person });
  const list = [...(told?.programmes ?? [])].sort((one, other) => (one.rank ?? 99) - (other.rank ?? 99));
  return html`<div class="centre"><${Title}>${t("plan.title")}<//>
    <p>${t(!person ? "plan.no-code" : told?.by ? "plan.by" : "plan.unknown")}</p>
    <${Whose} desk=${desk} value=${person} choose=${set} />
    <${Wrong} text=${trouble} />${busy && !told && html`<${Wait} text=${t("done.judging")} />`}
    <div class="grid wide">${list.map((one) => html`<section key=${one.id} class=${`card stack ${one.opening === "closed" ? "is-closed" : ""}`}>
      <h2>${programmeName(one.id, one.name)}</h2>
      <div class="row"><span class=${`chip ${one.opening === "open" ? "good" : "notice"}`}>${t(`opening.${one.opening}`)}</span>${one.rank && html`<span class="chip">${t("plan.rank", { rank: number(one.rank) })}</span>`}<span class="chip">${minutes(one.length_s)}</span><span class="chip">${t(`load.${one.load}`)}</span></div>
      ${one.why && html`<p>${one.why}</p>`}
      ${one.opening !== "closed" && html`<div class="row"><button aria-label=${t("plan.choose.of", { name: programmeName(one.id, one.name) })} onClick=${() => choose({ programme: one.id, person })}>${t("plan.choose")}</button></div>`}
      <details><summary>${t("plan.dose")}</summary><ol class="dose">${one.phases.map((/** @type {any} */ phase, /** @type {number} */ index) => html`<li key=${index}>${dose(phase)}</li>`)}</ol></details>
      <p class="soft small">${one.citation}</p></section>`)}</div></div>`;
}

/** @param {any} phase */
function dose(phase) {
  const s = (/** @type {number} */ value) => `${number(value, value % 1 ? 1 : 0)} s`;
  const what = t(`step.${phase.kind}`);
  const rest = phase.rest_s > 0 ? t("plan.rest", { s: s(phase.rest_s) }) : "";
  const place = phase.position ? t(`position.${phase.position}`) : "";
  const aim = phase.target ? aimed(phase.target) : "";
  return [what, phase.repetitions > 1 ? `${number(phase.repetitions)} × ${s(phase.duration_s)}` : s(phase.duration_s), rest, aim, place].filter(Boolean).join(", ");
}

/** A band, with what its share is of. @param {{ lower: number | null, upper: number | null, unit: string }} target */
function aimed({ lower, upper, unit }) {
  const of = /** @type {Record<string, string>} */ ({ "%MVC": t("clinic.most"), "%rest": t("live.rest") })[unit];
  const figure = (/** @type {number} */ value) => (of ? `${number(100 * value)} %` : `${number(value, value < 10 ? 1 : 0)} ${unitText(unit)}`);
  const band = lower != null && upper != null ? `${figure(lower)}–${figure(upper)}`
    : lower != null ? `≥ ${figure(lower)}` : upper != null ? `≤ ${figure(upper)}` : "";
  return band && of ? `${band} (${of})` : band;
}
