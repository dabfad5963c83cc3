// A refusal of the server's in the reader's words, with what one can do about it. What is not in the table is shown as the
// server says it: its own words are better than none.
//
// Sources: Modern IRC "Numerics"; standard-replies; docs/ext.

import { t, type Phrase } from "./phrases.ts";
import type { Message } from "./wire/message.ts";

const NUMERICS = new Map<string, Phrase>(Object.entries({
  "263": "no-slower", "401": "no-nobody", "403": "no-room", "405": "no-many-rooms", "406": "no-nobody", "407": "no-slower",
  "417": "no-long", "421": "no-command", "432": "bad-name", "433": "name-taken", "441": "no-member", "442": "not-in-room",
  "443": "no-there-already", "461": "no-incomplete", "464": "bad-login", "471": "no-full", "472": "no-mode",
  "473": "no-uninvited", "474": "no-banned", "475": "no-key", "477": "no-account", "478": "no-list-full",
  "481": "no-server-operator", "482": "no-rank", "491": "no-oper", "502": "no-rank",
}));
const CODES = new Map<string, Phrase>(Object.entries({
  INTERNAL_ERROR: "no-inside", TEMPORARILY_UNAVAILABLE: "no-now", MESSAGE_ERROR: "no-history", INVALID_TARGET: "no-target",
  RATE_LIMITED: "no-slower", LIMIT_REACHED: "no-list-full", PRIVS_NEEDED: "no-server-operator", CHANNEL_NAME_IN_USE: "no-name-in-use",
  MULTILINE_MAX_BYTES: "no-long", MULTILINE_MAX_LINES: "no-long", EDITS_FORBIDDEN: "no-edit", INVALID_CODE: "no-code", INVALID_EMAIL: "no-email",
  ACCOUNT_EXISTS: "name-taken", BAD_ACCOUNT_NAME: "bad-name",
  ACCOUNT_REQUIRED: "no-account", NEED_REGISTRATION: "no-account",
  REDACT_FORBIDDEN: "no-redact", REDACT_WINDOW_EXPIRED: "no-late", EDIT_WINDOW_EXPIRED: "no-late", UNKNOWN_MSGID: "no-message", EDIT_FORBIDDEN: "no-edit",
}));
// What is between the words of 404, which has many reasons.
const CANNOT_SEND: [RegExp, Phrase][] = [[/\(\+d\)/, "no-slow-room"], [/\(\+c\)/, "no-colours"], [/\(\+C\)/, "no-colours"]];

export function isRefusal(line: Message): boolean {
  return line.command === "FAIL" || (/^[45]\d\d$/.test(line.command) && line.command !== "422");
}

/** The phrase for the code of a FAIL; "" where only the server's words say what it is. */
export function phraseOfCode(code: string): Phrase | "" {
  return CODES.get(code) ?? "";
}

/** One sentence for people. */
export function worded(line: Message): string {
  const { command, params } = line;
  const words = params.at(-1) ?? "";
  if (command === "FAIL") {
    const phrase = CODES.get(params[1] ?? "");
    return phrase === undefined ? words : t(phrase, { text: words });
  }
  if (command === "404") {
    const found = CANNOT_SEND.find(([pattern]) => pattern.test(words));
    return t(found === undefined ? "no-speaking" : found[1], { name: params[1] ?? "" });
  }
  const phrase = NUMERICS.get(command);
  return phrase !== undefined ? t(phrase, { name: params[1] ?? "" }) : words;
}
