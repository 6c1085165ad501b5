// @ts-check
// What came of it: the answer with its reasons, what comes next, three numbers, the report.

import { html } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Reports, Title, Wait, Wrong, programmeName } from "./parts.js";
import { clock, number, t, unitText } from "./words.js";

/** @param {{ store: import("./store.js").Store, desk: import("./desk.js").Desk }} props */
export function Done({ store, desk }) {
  const { result } = store;
  const stage = desk.stage;
  if (!result && !stage) return null;
  return html`<div class="centre">
    <${Title}>${t("done.title")}<//>
    ${stage?.trouble && !result?.trouble && html`<${Wrong} text=${stage.trouble} />`}
    ${result && html`<${Recorded} result=${result} />`}
    ${stage?.visit ? html`<${Answer} key=${stage.visit} desk=${desk} visit=${stage.visit} />` : result && html`<${Numbers} store=${store} />`}
    ${result && html`<${Found} store=${store} />`}
    ${stage && html`<div class="row"><button class="main" onClick=${() => desk.ask("connect").catch(() => {})}>${t("done.again")}</button></div>`}
  </div>`;
}

/** Whether there is a recording, and whether it is as it should be. Said only if it is so.
 * @param {{ result: any }} props */
function Recorded({ result }) {
  if (result.trouble) {
    return html`<section class="card stack wrong" role="alert"><p><b>${t(result.folder ? "done.trouble.kept" : "done.trouble")}</b></p><p>${result.trouble}</p>
      ${result.folder && html`<p class="soft small">${t("done.there", { folder: result.folder })}</p>`}</section>`;
  }
  if (!result.folder) return html`<p class="soft small">${t("done.unsaved")}</p>`;
  return html`<p class="soft small">${t(result.verified ? "done.saved" : "done.there", { folder: result.folder })}</p>`;
}

/** What is said of a visit that is kept. @param {{ desk: import("./desk.js").Desk, visit: string }} props */
export function Answer({ desk, visit }) {
  const { told, trouble, busy } = useAnswer(desk, "answer", { visit });
  if (!told) return html`<${Wrong} text=${trouble} />${busy && html`<${Wait} text=${t("done.judging")} />`}`;
  const closed = told.offers.filter((/** @type {any} */ one) => one.opening === "closed");
  const verdict = told.verdict;
  return html`
    <p class="soft small">${told.subtitle}</p>
    ${told.asked && verdict && html`<section class=${`card stack verdict ${verdict.gate}`}>
      <h2>${verdict.text}</h2><p>${verdict.training}</p>${verdict.more.map((/** @type {string} */ text) => html`<p>${text}</p>`)}
      ${told.reasons.length > 0 && html`<p class="soft">${t("done.because", { list: told.reasons.join("; ") })}</p>`}</section>`}
    ${!told.asked && html`<p>${t("done.not-asked")}</p>`}
    ${told.cards?.length > 0 && html`<div class="grid">${told.cards.map((/** @type {any} */ card) => html`<section key=${card.name} class="card figure"><h3 class="soft small">${card.name}</h3><span class="value">${card.value}</span><span>${card.meaning}</span>${card.sure && html`<span class="soft small">${card.sure}</span>`}</section>`)}</div>`}
    ${told.asked && html`<section class="card stack"><h2>${t("person.next")}</h2><ul>${(told.next ?? []).map((/** @type {string} */ text) => html`<li key=${text}>${text}</li>`)}</ul>
      ${closed.length > 0 && html`<h3>${t("done.closed")}</h3><ul class="closed">${closed.map((/** @type {any} */ one) => html`<li key=${one.programme}><b>${programmeName(one.programme)}</b>: ${one.why}</li>`)}</ul>`}
      <p class="soft small">${told.sure}</p></section>
    <details class="card"><summary>${t("done.why")}</summary><ul class="plain">${told.why.map((/** @type {any} */ line, /** @type {number} */ index) => html`<li key=${index} class=${line.deep ? "deep" : ""}>${line.text}</li>`)}</ul></details>`}
    <section class="card stack"><h2>${t("report.title")}</h2><${Reports} desk=${desk} visit=${visit} /></section>
    <p class="soft small">${told.screening}</p>`;
}

/** The numbers of a visit of which nothing was kept. @param {{ store: import("./store.js").Store }} props */
function Numbers({ store }) {
  const asked = store.trials.filter((one) => one.target && one.success !== null);
  const met = asked.filter((one) => one.success);
  const held = store.contractions.filter((one) => one.offset_s != null).map((one) => one.offset_s - one.onset_s);
  const mean = held.length ? held.reduce((sum, one) => sum + one, 0) / held.length : 0;
  const sentence = asked.length > 0
    ? t("done.sentence.target", { met: met.length, all: asked.length })
    : t("done.sentence.free", { count: store.contractions.length });
  return html`<p>${sentence}</p>
    <div class="grid">
      <section class="card figure"><span class="soft small">${t("done.contractions")}</span><span class="value">${number(store.contractions.length)}</span></section>
      <section class="card figure"><span class="soft small">${t("done.held")}</span><span class="value">${held.length ? `${number(mean, 1)} s` : "–"}</span></section>
      <section class="card figure"><span class="soft small">${t("done.time")}</span><span class="value">${clock(store.result?.ended_s ?? 0)}</span></section>
    </div>`;
}

/** What was found live. The highest of EMG is the level itself, that of pressure is above rest.
 * @param {{ store: import("./store.js").Store }} props */
function Found({ store }) {
  const main = store.channels[0];
  const peak = main?.kind === "pressure" ? "done.peak.above" : "done.peak";
  return html`<details class="card" open=${store.contractions.length > 0 && store.contractions.length <= 10}><summary>${t("done.list")} (${number(store.contractions.length)})</summary>
    ${store.contractions.length === 0 ? html`<p class="soft">${t("done.none")}</p>` : html`<div class="scroll" tabindex="0" role="region" aria-label=${t("done.list")}><table><thead><tr><th scope="col">#</th><th scope="col">${t("done.at")}</th><th scope="col">${t("done.length")}</th><th scope="col">${t(peak)}</th></tr></thead>
      <tbody>${store.contractions.map((one, index) => html`<tr key=${one.onset_s}><td>${index + 1}</td><td>${clock(one.onset_s)}</td><td>${one.offset_s == null ? t("done.open") : `${number(one.offset_s - one.onset_s, 1)} s`}</td><td>${number(one.peak, 1)} ${unitText(main?.unit)}</td></tr>`)}</tbody></table></div>`}
  </details>`;
}
