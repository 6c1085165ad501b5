// @ts-check
// What came of it: one sentence, three numbers, the repetitions.

import { html } from "./ui.js";
import { clock, number, t } from "./words.js";

/** @param {{ store: import("./store.js").Store }} props */
export function Done({ store }) {
  const result = store.result;
  if (!result) return null;
  const asked = store.trials.filter((one) => one.target && one.success !== null);
  const met = asked.filter((one) => one.success);
  const held = store.contractions.filter((one) => one.offset_s != null).map((one) => one.offset_s - one.onset_s);
  const mean = held.length ? held.reduce((sum, one) => sum + one, 0) / held.length : 0;
  const unit = store.channels[0]?.unit ?? "";
  const sentence = asked.length > 0
    ? t("done.sentence.target", { met: met.length, all: asked.length })
    : t("done.sentence.free", { count: store.contractions.length });
  return html`<div class="centre">
    <h1>${t("done.title")}</h1>
    <p>${sentence}</p>
    <div class="grid">
      <section class="card figure"><span class="soft small">${t("done.contractions")}</span><span class="value">${number(store.contractions.length)}</span></section>
      <section class="card figure"><span class="soft small">${t("done.held")}</span><span class="value">${held.length ? `${number(mean, 1)} s` : "–"}</span></section>
      <section class="card figure"><span class="soft small">${t("done.time")}</span><span class="value">${clock(result.ended_s)}</span></section>
    </div>
    <section class="card"><h2>${t("done.list")}</h2>
      ${store.contractions.length === 0 ? html`<p class="soft">${t("done.none")}</p>` : html`<table><thead><tr><th scope="col">#</th><th scope="col">${t("done.at")}</th><th scope="col">${t("done.length")}</th><th scope="col">${t("done.peak")}</th></tr></thead>
      <tbody>${store.contractions.map((one, index) => html`<tr><td>${index + 1}</td><td>${clock(one.onset_s)}</td><td>${one.offset_s == null ? t("done.open") : `${number(one.offset_s - one.onset_s, 1)} s`}</td><td>${number(one.peak, 1)} ${unit}</td></tr>`)}</tbody></table>`}
    </section>
    <p class="soft small">${result.folder ? t("done.saved", { folder: result.folder }) : t("done.unsaved")}</p>
  </div>`;
}
