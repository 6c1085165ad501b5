// @ts-check
// Parts that several screens share.

import { html, useEffect, useRef, useState } from "./ui.js";
import { has, language, t } from "./words.js";

/** The title of a screen; who comes to it begins at its top, by the keyboard, too. @param {{ children?: any }} props */
export function Title({ children }) {
  const at = useRef(null);
  useEffect(() => {
    scrollTo({ top: 0, behavior: "instant" });
    at.current?.focus({ preventScroll: true });
  }, []);
  return html`<h1 ref=${at} tabindex="-1">${children}</h1>`;
}

/** What went wrong, and what to do. @param {{ text: string }} props */
export function Wrong({ text }) {
  return text ? html`<div class="card wrong" role="alert"><p>${text}</p></div>` : null;
}

/** @param {{ text?: string }} props */
export function Wait({ text }) {
  return html`<p class="soft" role="status">${text ?? t("desk.wait")}</p>`;
}

/** A choice with its name above it.
 * @param {{ id: string, label: string, value: string, options: [string, string][], hint?: string, choose: (value: string) => void }} props */
export function Choose({ id, label, value, options, hint, choose }) {
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} value=${value} aria-describedby=${hint ? `${id}-hint` : undefined} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
      ${options.map(([name, words]) => html`<option key=${name} value=${name} selected=${name === value}>${words}</option>`)}</select>
    ${hint && html`<span class="soft small" id=${`${id}-hint`}>${hint}</span>`}</div>`;
}

/** Name of a programme: that of the catalogue, or its own. @param {string | null | undefined} id @param {string} [own] */
export function programmeName(id, own) {
  if (!id) return t("connect.free");
  return has(`programme.${id}`) ? t(`programme.${id}`) : own ?? id;
}

/** @param {number | null | undefined} unixMs */
export function date(unixMs) {
  if (!unixMs) return "–";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(unixMs);
}

/** Minutes, as they are read. @param {number} seconds */
export function minutes(seconds) {
  const whole = Math.max(1, Math.round(seconds / 60));
  return new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "short" }).format(whole);
}

/** Opens a report in a window of its own; where the browser does not let it, a link stays.
 * @param {{ desk: import("./desk.js").Desk, visit: string }} props */
export function Reports({ desk, visit }) {
  const [made, keep] = useState(/** @type {Record<string, string>} */ ({}));
  const [busy, wait] = useState("");
  const [trouble, say] = useState("");
  const make = async (/** @type {string} */ reader) => {
    wait(reader);
    say("");
    try {
      const { path } = await desk.ask("report", { visit, for: reader });
      if (!path) throw new Error(t("desk.lost"));
      keep((/** @type {Record<string, string>} */ last) => ({ ...last, [reader]: path }));
      open(path, "_blank", "noopener");
    } catch (why) {
      say(/** @type {Error} */ (why).message);
    }
    wait("");
  };
  return html`<div class="row">
    ${["person", "referrer"].map((reader) => html`<button key=${reader} disabled=${busy !== ""} onClick=${() => make(reader)}>${t(`report.${reader}`)}</button>`)}
    ${Object.entries(made).map(([reader, path]) => html`<a key=${reader} class="link" href=${path} target="_blank" rel="noopener">${t(`report.${reader}.link`)}</a>`)}
  </div>
  ${busy && html`<${Wait} text=${t("report.wait")} />`}<${Wrong} text=${trouble} />
  <p class="soft small">${t("report.print")}</p>`;
}
