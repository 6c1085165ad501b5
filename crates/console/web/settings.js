// @ts-check
// Choices of the person; they stay on this computer.

import { html, keep, settings } from "./ui.js";
import { LANGUAGES, language, speak, t } from "./words.js";

export function Settings() {
  const choice = (/** @type {string} */ name, /** @type {string[]} */ values) => html`<div class="row">
    <label for=${name} style="min-width: 14rem">${t(`set.${name}`)}</label>
    <select id=${name} value=${settings[name]} onChange=${(/** @type {any} */ event) => keep({ [name]: event.target.value })}>
      ${values.map((one) => html`<option value=${one} selected=${settings[name] === one}>${t(`set.${name}.${one}`)}</option>`)}</select></div>`;
  const tick = (/** @type {string} */ name) => html`<label class="row"><input type="checkbox" checked=${settings[name]} onChange=${(/** @type {any} */ event) => keep({ [name]: event.target.checked })} /> <span>${t(`set.${name}`)}</span></label>`;
  return html`<div class="centre"><h1>${t("nav.settings")}</h1>
    <section class="card" style="display: grid; gap: 1rem">
      <div class="row"><label for="language" style="min-width: 14rem">${t("set.language")}</label>
      <select id="language" value=${language} onChange=${async (/** @type {any} */ event) => { const name = event.target.value; await speak(name); keep({ language: name }); }}>
        ${LANGUAGES.map(([name, words]) => html`<option value=${name} selected=${name === language} lang=${name}>${words}</option>`)}</select></div>
      ${choice("theme", ["auto", "dark", "light"])}
      ${choice("still", ["auto", "on", "off"])}
      ${tick("large")} ${tick("letters")} ${tick("breath")}
    </section>
    <section class="card" style="display: grid; gap: 1rem"><h2>${t("act.sound")}</h2>
      ${choice("sound", ["off", "effort", "target"])}
      <div class="row"><label for="volume" style="min-width: 14rem">${t("act.volume")}</label>
      <input id="volume" type="range" min="0" max="1" step="0.1" value=${settings.volume} onInput=${(/** @type {any} */ event) => keep({ volume: Number(event.target.value) })} /></div>
    </section></div>`;
}
