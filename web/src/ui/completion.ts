// What Tab makes of the word before the cursor; pressed again, the next that fits.

import { fold, isRoom } from "../wire/names.ts";

export interface Completion {
  text: string;
  at: number; // the cursor
  start: number;
  end: number; // of the word in `text`
  sought: string;
  turn: number;
}

/** The text with the word completed; null where nothing fits. `last`: what the press before this one made. */
export function complete(text: string, at: number, last: Completion | null, words: string[]): Completion | null {
  const isAgain = last !== null && last.text === text && last.at === at;
  const start = isAgain ? last.start : Math.max(text.lastIndexOf(" ", at - 1), text.lastIndexOf("\n", at - 1)) + 1;
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
