// Tabs of one browser know of one another: a new one says who is in already, so that nobody wonders why a name is taken.

import type { Chat } from "../chat/chat.ts";

const NAME = "veche";

type Word = { kind: "who" } | { kind: "here"; nick: string };

/** Answer other tabs that ask who is here. */
export function answerTabs(chat: Chat): void {
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: MessageEvent<Word>) => {
    if (event.data.kind === "who" && chat.state === "in") channel.postMessage({ kind: "here", nick: chat.nick } satisfies Word);
  };
}

/** Ask the other tabs who is here; returns what ends the asking. */
export function askTabs(answer: (nick: string) => void): () => void {
  if (typeof BroadcastChannel === "undefined") return () => undefined;
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: MessageEvent<Word>) => {
    if (event.data.kind === "here" && typeof event.data.nick === "string") answer(event.data.nick);
  };
  channel.postMessage({ kind: "who" } satisfies Word);
  return () => channel.close();
}
