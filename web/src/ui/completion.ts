// What Tab makes of the word before the cursor, pressed again the next that fits; and what is offered while one types.

import { fold, isRoom } from "../wire/names.ts";
import { findEmoji } from "./emoji.ts";

export interface Completion {
  text: string;
  at: number; // the cursor
  start: number;
  end: number; // of the word in `text`
  sought: string;
  turn: number;
}

export interface Offer {
  put: string; // what comes in the place of the word
  shown: string;
}

const MOST_OFFERED = 8;

/** The text with the word completed; null where nothing fits. `last`: what the press before this one made. */
export function complete(text: string, at: number, last: Completion | null, words: string[]): Completion | null {
  const isAgain = last !== null && last.text === text && last.at === at;
  const start = isAgain ? last.start : startOf(text, at);
  const sought = isAgain ? last.sought : text.slice(start, at).replace(/^@/, "");
  if (sought === "") return null;
  const fitting = words.filter((word) => fold(word).startsWith(fold(sought)));
  if (fitting.length === 0) return null;
  const turn = isAgain ? (last.turn + 1) % fitting.length : 0;
  const word = fitting[turn]!;
  const isAddress = start === 0 && !isRoom(word) && !word.startsWith("/");
  const put = word + (isAddress ? ": " : " ");
  const rest = text.slice(isAgain ? last.end : at);
  return { text: text.slice(0, start) + put + rest, at: start + put.length, start, end: start + put.length, sought, turn };
}

/** What the word before the cursor may become: after "@" people, after "#" rooms, after "/" commands, after ":" emoji. */
export function offers(text: string, at: number, words: string[]): Offer[] {
  const start = startOf(text, at);
  const word = text.slice(start, at);
  if (/^:[a-z0-9_+-]{2,}$/i.test(word)) {
    return findEmoji(word.slice(1)).slice(0, MOST_OFFERED).map((one) => ({ put: one.text, shown: `${one.text} ${one.names[0]}` }));
  }
  const mark = word[0] ?? "";
  if (!(mark === "@" || (mark === "#" && word.length > 1) || (mark === "/" && start === 0 && word.length > 1))) return [];
  const sought = fold(mark === "@" ? word.slice(1) : word);
  return words
    .filter((one) => (mark === "@" ? !/^[#/]/.test(one) : one[0] === mark) && fold(one).startsWith(sought) && one !== word)
    .slice(0, MOST_OFFERED)
    .map((one) => ({ put: one, shown: one }));
}

/** The text with an offer taken, and where the cursor is then. */
export function take(text: string, at: number, offer: Offer): { text: string; at: number } {
  const start = startOf(text, at);
  return { text: `${text.slice(0, start)}${offer.put} ${text.slice(at)}`, at: start + offer.put.length + 1 };
}

function startOf(text: string, at: number): number {
  return Math.max(text.lastIndexOf(" ", at - 1), text.lastIndexOf("\n", at - 1)) + 1;
}
