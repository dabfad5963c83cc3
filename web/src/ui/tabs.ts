// Tabs of one browser know of one another: a new one says who is in already and goes on as the guest that another one is;
// and whoever leaves the chat in one of them leaves it in all.

import type { Chat } from "../chat/chat.ts";
import { fold } from "../wire/names.ts";

const NAME = "veche";

interface Here {
  kind: "here";
  nick: string;
  isGuest: boolean;
}

type Word = { kind: "who" } | Here | { kind: "left"; nick: string } | { kind: "seen"; msgid: string };

const MOST_SEEN = 100;
const MOMENT = 150; // milliseconds by which a tab hears later than another one, at most
const seen = new Set<string>(); // in other tabs

let channel: BroadcastChannel | null = null;

function say(word: Word): void {
  channel?.postMessage(word);
}

/** Answer other tabs that ask who is here, and leave when one of them leaves for good. */
export function answerTabs(chat: Chat, left: () => void): void {
  if (typeof BroadcastChannel === "undefined") return;
  channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === "who" && chat.state === "in") say({ kind: "here", nick: chat.nick, isGuest: chat.account === "" });
    if (data.kind === "seen") {
      seen.add(data.msgid);
      if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value!);
    }
    if (data.kind !== "left" || chat.state === "out" || fold(data.nick) !== fold(chat.nick)) return;
    left();
    chat.leave();
  };
}

/** Tell the other tabs that one leaves for good. */
export function tellLeft(nick: string): void {
  say({ kind: "left", nick });
}

/** Tell the other tabs that the reader has a message before his eyes. */
export function tellSeen(msgid: string): void {
  say({ kind: "seen", msgid });
}

/** Whether the reader has a message that has just come before his eyes in another tab; a moment later. */
export function isSeenElsewhere(msgid: string): Promise<boolean> {
  return new Promise((done) => setTimeout(() => done(seen.has(msgid)), MOMENT));
}

/** Ask the other tabs who is here; returns what ends the asking. */
export function askTabs(answer: (here: Here) => void): () => void {
  if (typeof BroadcastChannel === "undefined") return () => undefined;
  const asking = new BroadcastChannel(NAME);
  asking.onmessage = ({ data }: MessageEvent<Word>) => {
    if (data.kind === "here" && typeof data.nick === "string") answer(data);
  };
  asking.postMessage({ kind: "who" } satisfies Word);
  return () => asking.close();
}
