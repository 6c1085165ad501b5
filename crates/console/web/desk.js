// @ts-check
// What is asked of the program outside of a session, and where the visit is (PROTOCOL.md, "Questions").

import { useEffect, useState } from "./ui.js";
import { language, t } from "./words.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {{ told: any, path: string | null }} Answer */

/** Questions of one page at a time. */
const AT_ONCE = 2;

export class Desk {
  /** @param {import("./link.js").Link} link */
  constructor(link) {
    this.link = link;
    /** Where the visit is; null for one that was begun with its port. @type {Message | null} */
    this.stage = null;
    this.next = 1;
    /** @type {Map<number, { resolve: (answer: Answer) => void, reject: (why: Error) => void }>} */
    this.waiting = new Map();
    /** @type {any[]} */
    this.queue = [];
    /** Sentences of the program in the language of the person. @type {Map<string, string>} */
    this.known = new Map();
  }

  /** @param {Message} message @returns {boolean} whether it was one of these */
  hear(message) {
    if (message.type === "stage") {
      this.stage = message;
      return true;
    }
    if (message.type !== "answer") return false;
    const waits = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.refused) waits?.reject(new Error(message.refused));
    else waits?.resolve({ told: message.told, path: message.path ?? null });
    this.flush();
    return true;
  }

  /** The connection is gone: nobody will answer any more. */
  drop() {
    for (const { reject } of this.waiting.values()) reject(new Error(t("desk.lost")));
    this.waiting.clear();
    this.flush();
  }

  /** @param {string} what @param {object} [fields] @returns {Promise<Answer>} */
  ask(what, fields = {}) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.queue.push({ id, wish: { do: "ask", id, what, lang: language, ...fields }, resolve, reject });
      this.flush();
    });
  }

  /** Sends what waits, a few at a time: the program answers no more than that at once. */
  flush() {
    while (this.queue.length > 0 && this.waiting.size < AT_ONCE) {
      const { id, wish, resolve, reject } = /** @type {any} */ (this.queue.shift());
      if (this.link.socket?.readyState === WebSocket.OPEN) {
        this.waiting.set(id, { resolve, reject });
        this.link.send(wish);
      } else {
        reject(new Error(t("desk.lost")));
      }
    }
  }

  /** A sentence of the program in the language of the person; asks for it if it is new.
   * @param {string} text @param {() => void} again */
  said(text, again) {
    if (language === "en") return text;
    const key = `${language} ${text}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, text);
    this.ask("said", { texts: [text] }).then(({ told }) => {
      for (const [english, words] of Object.entries(told.said)) this.known.set(`${language} ${english}`, words);
      again();
    }, () => this.known.delete(key));
    return text;
  }
}

/**
 * What is asked as soon as it is looked at, and again when something it depends on changes.
 * @param {Desk} desk @param {string} what @param {object | null} fields null asks nothing
 * @returns {{ told: any, path: string | null, trouble: string, busy: boolean, again: () => void, put: (told: any) => void }}
 */
export function useAnswer(desk, what, fields) {
  const [count, setCount] = useState(0);
  const [held, hold] = useState(/** @type {any} */ ({ told: null, path: null, trouble: "", busy: true }));
  const key = JSON.stringify([what, fields, language, count]);
  useEffect(() => {
    if (fields === null) return undefined;
    let isWanted = true;
    hold((/** @type {any} */ last) => ({ ...last, busy: true, trouble: "" }));
    desk.ask(what, fields).then(
      ({ told, path }) => isWanted && hold({ told, path, trouble: "", busy: false }),
      (why) => isWanted && hold({ told: null, path: null, trouble: why.message, busy: false }),
    );
    return () => { isWanted = false; };
  }, [key]);
  const put = (/** @type {any} */ told) => hold((/** @type {any} */ last) => ({ ...last, told }));
  return { ...held, again: () => setCount(count + 1), put };
}
