// @ts-check
// Shapes of what arrives, for the checker only. PROTOCOL.md tells what they mean.

/**
 * @typedef {Object} Points
 * @property {number} stream
 * @property {number} channel
 * @property {number} seq
 * @property {number} stampUs
 * @property {number} first
 * @property {number} step
 * @property {boolean} isWindow
 * @property {Float32Array} values of the envelope, lowest and highest in turn
 * @property {Float32Array | null} signal of the signal as it came, likewise
 */

/** @typedef {{ type: string } & Record<string, any>} Message */

/**
 * @typedef {Object} Cue
 * @property {number} step
 * @property {number} phase
 * @property {number} round
 * @property {number} trial
 * @property {number} attempt
 * @property {"work" | "rest" | "recovery"} part
 * @property {number} starts_s
 * @property {number} ends_s
 * @property {number} into_s
 * @property {boolean} feedback
 * @property {boolean} scored
 */

/**
 * @typedef {Object} Target
 * @property {number | null} lower
 * @property {number | null} upper
 * @property {string} unit
 */

/**
 * @typedef {Object} Phase
 * @property {string} id
 * @property {string} kind
 * @property {boolean} strains
 * @property {string} cue
 * @property {string | null} words
 * @property {boolean} said
 * @property {string} rest_cue
 * @property {string | null} rest_words
 * @property {string | null} position
 * @property {number} duration_s
 * @property {number} rest_s
 * @property {number} repetitions
 * @property {Target | null} target
 * @property {Target | null} rest_target
 * @property {[number, number][] | null} template
 * @property {{ inhale_s: number, hold_full_s: number, exhale_s: number, hold_empty_s: number } | null} breathing
 */

/**
 * @typedef {Object} Step
 * @property {number} phase
 * @property {number} round
 * @property {number} trial
 * @property {"work" | "rest" | "recovery"} part
 * @property {number} starts_s
 * @property {number} duration_s
 * @property {number} into_phase_s
 * @property {boolean} feedback
 */

/** @typedef {{ id: string, name: string, load: string, length_s: number, phases: Phase[], steps: Step[] }} Programme */

export {};
