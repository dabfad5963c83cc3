// Looking for what was said: the question as the server takes it, and its hits.
//
// Source: search (soju.im/search).

import { escape, type Message } from "../wire/message.ts";
import { isRefusal, worded } from "../refusals.ts";
import type { Chat } from "./chat.ts";
import { isEdit, place, readEntry } from "./incoming.ts";
import type { Entry } from "./model.ts";

export interface Question {
  text: string;
  in: string; // a room or a person; "" for everywhere
  from: string; // a nick
  after: string; // days, as <input type=date> has them
  before: string;
}

export interface Hit {
  where: string;
  entry: Entry;
  around: Entry[] | null; // with what was said before and after; null until somebody has asked
}

export interface Hits {
  hits: Hit[];
  note: string; // that there may be more, or why there is nothing
}

export const MOST_HITS = 100;

/** Whether there is anything to look for. */
export function isAsked(question: Question): boolean {
  return [question.text, question.from, question.after, question.before].some((value) => value.trim() !== "");
}

export function search(chat: Chat, question: Question, answer: (hits: Hits) => void): void {
  const attributes: [string, string][] = [
    ["text", question.text.trim()], ["in", question.in], ["from", question.from.trim()],
    ["after", midnight(question.after, 0)], ["before", midnight(question.before, 1)], ["limit", String(MOST_HITS)],
  ];
  const asked = attributes.filter(([, value]) => value !== "").map(([name, value]) => `${name}=${escape(value)}`).join(";");
  chat.question(
    (lines) => {
      const refusal = lines.find(isRefusal);
      if (refusal !== undefined) answer({ hits: [], note: worded(refusal) });
      else answer({ hits: hitsOf(chat, lines), note: lines.find((line) => line.command === "NOTE")?.params.at(-1) ?? "" });
    },
    "SEARCH",
    [asked],
  );
}

/** Three messages before a hit and three after it. */
export function surroundings(chat: Chat, hit: Hit, answer: () => void): void {
  chat.question(
    (lines) => {
      // Where a message was edited the page tells of the edit, too; the message has the text of it already.
      hit.around = lines.filter((line) => !isEdit(chat, line)).map((line) => readEntry(chat, line)).filter((entry) => entry !== null);
      answer();
    },
    "CHATHISTORY",
    ["AROUND", hit.where, `msgid=${hit.entry.msgid}`, "7"],
  );
}

function hitsOf(chat: Chat, lines: Message[]): Hit[] {
  const hits: Hit[] = [];
  for (const line of lines) {
    const entry = readEntry(chat, line);
    if (entry !== null) hits.push({ where: place(chat, line), entry, around: null });
  }
  return hits.sort((a, b) => b.entry.time - a.entry.time);
}

/** The beginning of a day here, so many days later, as the server reads times; "" for no day. */
function midnight(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  if (day === "" || !(year > 1970 && year < 9999)) return "";
  return new Date(year, month - 1, date + later).toISOString();
}
