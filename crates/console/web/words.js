// @ts-check
// Words in the language of the person. English stands in for what a language lacks.

export const LANGUAGES = [["en", "English"], ["de", "Deutsch"], ["es", "Español"], ["fr", "Français"]];

/** @type {Record<string, string>} */
let english = {};
/** @type {Record<string, string>} */
let chosen = {};
export let language = "en";

/** @param {string} name @returns {Promise<Record<string, string>>} */
async function read(name) {
  const answer = await fetch(`words/${name}.json`);
  return answer.ok ? answer.json() : {};
}

/** @param {string} name */
export async function speak(name) {
  if (Object.keys(english).length === 0) english = await read("en");
  const known = LANGUAGES.some(([one]) => one === name);
  language = known ? name : "en";
  chosen = language === "en" ? english : await read(language);
  document.documentElement.lang = language;
}

/** The language of the browser, if there are words for it. */
export function native() {
  const told = navigator.language.slice(0, 2);
  return LANGUAGES.some(([one]) => one === told) ? told : "en";
}

/**
 * The words for a key, with `{name}` filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const words = chosen[key] ?? english[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether there are words for a key. @param {string} key */
export function has(key) {
  return key in chosen || key in english;
}

/** How numbers are written, by language and digits: one of these costs more to make than a picture to draw.
 * @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * A number as people write it, with so many digits after the point.
 * @param {number} value @param {number} [digits]
 */
export function number(value, digits = 0) {
  const key = `${language} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    // A little less than nothing is nothing, not less.
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" });
    formats.set(key, format);
  }
  return format.format(value);
}

/** A unit as people write it; files and messages keep to ASCII. @param {string | null | undefined} symbol */
export function unitText(symbol) {
  return (symbol ?? "").replace("uV", "µV").replace("cmH2O", "cmH₂O");
}

/** Minutes and seconds. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return whole >= 3600
    ? `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`
    : `${pad(Math.floor(whole / 60))}:${pad(whole % 60)}`;
}
