// What one has begun to write, kept in the browser for each conversation, until it is sent or one leaves the chat.

import type { Chat } from "../chat/chat.ts";

const KEY = "veche-drafts";
const MOST = 60;
const LONGEST = 20_000;

/** By who writes and the key of the conversation. */
let drafts: Record<string, string> = Object.create(null) as Record<string, string>;

export function keepDrafts(chat: Chat): void {
  try {
    for (const [key, text] of Object.entries(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, unknown>)) {
      if (typeof text === "string") drafts[key] = text;
    }
  } catch {
    // Storage that is forbidden or spoilt: nothing was kept.
  }
  chat.draftOf = (key) => drafts[`${chat.nick}\n${key}`] ?? "";
}

export function keepDraft(chat: Chat, key: string, text: string): void {
  const name = `${chat.nick}\n${key}`;
  delete drafts[name]; // so that the newest stands last
  if (text !== "" && text.length <= LONGEST) drafts[name] = text;
  write();
}

export function forgetDrafts(): void {
  drafts = Object.create(null) as Record<string, string>;
  write();
}

function write(): void {
  const kept = Object.entries(drafts).slice(-MOST);
  try {
    if (kept.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // As above.
  }
}
