// @ts-check
// Sound, for eyes-closed use: pitch follows effort, pairs tell of the band, a double beep that the signal
// is gone. It is off until a person switches it on.

import { settings } from "./ui.js";
import { percent } from "./live.js";
import { LOST_MS } from "./store.js";

/** Lowest and highest pitch; effort lies between on a logarithmic scale. */
const LOW_HZ = 220;
const HIGH_HZ = 660;

/** Pitch of an effort from 0 to 100 percent. @param {number} effort */
export function pitch(effort) {
  const ratio = Math.min(1, Math.max(0, effort / 100));
  return LOW_HZ * (HIGH_HZ / LOW_HZ) ** ratio;
}

export class Sound {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    /** @type {AudioContext | null} */
    this.context = null;
    /** What was played, newest last, for tests and for whoever asks. @type {{ what: string, at: number }[]} */
    this.log = [];
    this.isInBand = false;
    this.wasLost = false;
    setInterval(() => this.follow(), 30);
  }

  /** A browser lets a page sound only after a person has touched it. */
  wake() {
    if (settings.sound === "off") {
      this.silence();
      return;
    }
    if (!this.context) {
      const context = new AudioContext();
      this.context = context;
      this.master = new GainNode(context, { gain: settings.volume });
      this.master.connect(context.destination);
      this.tone = new OscillatorNode(context, { type: "triangle", frequency: LOW_HZ });
      this.fifth = new OscillatorNode(context, { type: "sine", frequency: 1.5 * LOW_HZ });
      this.toneGain = new GainNode(context, { gain: 0 });
      this.fifthGain = new GainNode(context, { gain: 0 });
      this.tone.connect(this.toneGain).connect(this.master);
      this.fifth.connect(this.fifthGain).connect(this.master);
      this.tone.start();
      this.fifth.start();
    }
    this.context.resume();
  }

  silence() {
    if (!this.context || !this.toneGain || !this.fifthGain) return;
    this.toneGain.gain.setTargetAtTime(0, this.context.currentTime, 0.02);
    this.fifthGain.gain.setTargetAtTime(0, this.context.currentTime, 0.02);
  }

  /** The lasting tone, from the newest value. */
  follow() {
    const { store } = this;
    const isLost = store.link === "lost" || (store.samplesAt > 0 && store.ageMs > LOST_MS);
    if (isLost) this.lost();
    else this.wasLost = false;
    const { context, master, tone, fifth, toneGain, fifthGain } = this;
    if (!context || !master || !tone || !fifth || !toneGain || !fifthGain) return;
    master.gain.setTargetAtTime(settings.volume, context.currentTime, 0.05);
    const isQuiet = settings.sound === "off" || isLost || store.result !== null || store.cue?.feedback === false
      || store.programmeState.startsWith("paused");
    const effort = percent(store, store.main?.level ?? NaN);
    if (isQuiet || effort === null) {
      this.silence();
      return;
    }
    const levels = store.levels.get(store.mainKey);
    const step = store.cue;
    const band = step && levels?.bands[step.phase]?.[step.part === "work" ? 0 : 1];
    const level = store.main?.level ?? NaN;
    const isIn = Boolean(band) && (band?.lower == null || level >= band.lower) && (band?.upper == null || level <= band.upper);
    if (band && isIn !== this.isInBand) this.play(isIn ? "in" : "out");
    this.isInBand = isIn;
    const hertz = pitch(effort);
    tone.frequency.setTargetAtTime(hertz, context.currentTime, 0.02);
    fifth.frequency.setTargetAtTime(1.5 * hertz, context.currentTime, 0.02);
    const isHeard = settings.sound === "effort" ? effort > 8 : isIn && step?.part === "work";
    toneGain.gain.setTargetAtTime(isHeard ? 0.16 : 0, context.currentTime, 0.03);
    fifthGain.gain.setTargetAtTime(isHeard && isIn ? 0.09 : 0, context.currentTime, 0.03);
  }

  /** @param {import("./types.js").Message} message */
  hear(message) {
    if (!message.isNews) return;
    if (message.type === "cue" && message.cue.part !== "work") this.play("let-go");
    else if (message.type === "cue") this.play("work");
    else if (message.type === "result") this.play("end");
  }

  /** The signal or the line to the program is gone: told once, until it is back. */
  lost() {
    if (this.wasLost || this.store.result || this.store.state?.over) return;
    this.wasLost = true;
    this.play("lost");
  }

  /** A short figure. @param {string} what */
  play(what) {
    this.log.push({ what, at: performance.now() });
    if (this.log.length > 1000) this.log.shift();
    const { context, master } = this;
    if (!context || !master || settings.sound === "off") return;
    /** @type {Record<string, [number, number, number][]>} hertz, begin, length */
    const figures = {
      in: [[523, 0, 0.09], [784, 0.1, 0.12]],
      out: [[784, 0, 0.09], [523, 0.1, 0.12]],
      work: [[440, 0, 0.12]],
      "let-go": [[247, 0, 0.45]],
      lost: [[880, 0, 0.1], [880, 0.18, 0.1]],
      end: [[392, 0, 0.16], [494, 0.18, 0.16], [587, 0.36, 0.3]],
    };
    for (const [hertz, begin, length] of figures[what] ?? []) {
      const at = context.currentTime + begin;
      const note = new OscillatorNode(context, { type: "sine", frequency: hertz });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setTargetAtTime(0.22, at, 0.012);
      gain.gain.setTargetAtTime(0, at + length, 0.05);
      note.connect(gain).connect(master);
      note.start(at);
      note.stop(at + length + 0.4);
    }
  }
}
