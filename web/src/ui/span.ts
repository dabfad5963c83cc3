// Which entries of a conversation stand on the page: as many as make so many rows. What happened between two messages is
// one row, however much it was, and what the reader does not want to see is none.

import type { Entry } from "../chat/model.ts";

type IsShown = (entry: Entry) => boolean;

/** The first of the entries that make `rows` rows and end before `to`. */
export function startOf(entries: readonly Entry[], to: number, rows: number, isShown: IsShown): number {
  let at = to;
  let isAmongEvents = false;
  while (at > 0) {
    const entry = entries[at - 1]!;
    if (isShown(entry)) {
      const isEvent = entry.kind === "event";
      if (!(isEvent && isAmongEvents) && rows-- <= 0) break;
      isAmongEvents = isEvent;
    }
    at--;
  }
  return at;
}

/** Where the entries end that make `rows` rows and begin at `from`. */
export function endOf(entries: readonly Entry[], from: number, rows: number, isShown: IsShown): number {
  let at = from;
  let isAmongEvents = false;
  while (at < entries.length) {
    const entry = entries[at]!;
    if (isShown(entry)) {
      const isEvent = entry.kind === "event";
      if (!(isEvent && isAmongEvents) && rows-- <= 0) break;
      isAmongEvents = isEvent;
    }
    at++;
  }
  return at;
}
