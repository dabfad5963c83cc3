// The page without a network: the service worker that opens it, what was loaded, kept to be read, and the news that the
// server has another page by now.
//
// What is kept is in this browser's storage alone, newest messages only, and gone when one leaves the chat.

import type { Chat } from "../chat/chat.ts";
import { Conversation, type Entry } from "../chat/model.ts";
import { forget, read, write } from "./shelf.ts";
import { trusted, WORKERS } from "./trusted.ts";

const MOST_ENTRIES = 200; // of each conversation
const MOST_CONVERSATIONS = 60;
const PAUSE = 3000; // milliseconds between a change and its keeping
const NAME = "conversations";

interface KeptConversation {
  name: string;
  topic: string;
  readAt: number;
  entries: Entry[];
}

export interface Kept {
  nick: string;
  account: string;
  conversations: KeptConversation[];
}

/** Keep what is loaded, a moment after each change. */
export function keepForLater(chat: Chat): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (chat.state === "in") void write(NAME, snapshot(chat));
    }, PAUSE);
  };
  chat.watch(() => {
    for (const conversation of chat.conversations.values()) {
      if (watched.has(conversation)) continue;
      watched.add(conversation);
      conversation.watch(later);
    }
    later();
  });
}

const watched = new WeakSet<Conversation>();

function snapshot(chat: Chat): Kept {
  const conversations = chat.sorted().slice(0, MOST_CONVERSATIONS).filter((one) => one.entries.length > 0);
  return {
    nick: chat.nick,
    account: chat.account,
    conversations: conversations.map(({ name, topic, readAt, entries }) => ({
      name, topic, readAt, entries: entries.slice(-2 * MOST_ENTRIES).filter((entry) => entry.msgid !== "").slice(-MOST_ENTRIES),
    })),
  };
}

/** What was kept, if anything was. */
export async function readKept(): Promise<Kept | null> {
  const kept = (await read(NAME)) as Kept | undefined;
  return kept !== undefined && Array.isArray(kept.conversations) && kept.conversations.length > 0 ? kept : null;
}

/** Put on the page what was kept, to be read until the connection is back. */
export function showKept(chat: Chat, kept: Kept): void {
  chat.nick = kept.nick; // whose drafts they are
  for (const one of kept.conversations) {
    const conversation = chat.conversation(one.name);
    conversation.topic = one.topic;
    conversation.readAt = one.readAt;
    for (const entry of one.entries) conversation.append(entry);
    if (conversation.entries.length > 0) conversation.sync = "stale";
    conversation.isJoined = conversation.isRoom;
  }
  chat.readAlone(kept.nick);
}

export async function forgetKept(): Promise<void> {
  await forget(NAME);
}

/** Let the browser open the page without a network. */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator)) return; // nor does it where the connection is not safe
  // Refused by a browser's settings, or in a private window: then the page needs the network, as any other.
  navigator.serviceWorker.register(trusted(WORKERS.offline), { scope: "./" }).catch(() => undefined);
}

/** Whether the server gives another page than this one: it was upgraded while the tab was open. */
export async function isStale(): Promise<boolean> {
  const mine = /assets\/[\w.-]+\.js/.exec(document.querySelector<HTMLScriptElement>("script[src]")?.src ?? "")?.[0];
  if (mine === undefined) return false;
  try {
    const found = await fetch("./", { cache: "no-store" });
    return found.ok && !(await found.text()).includes(mine);
  } catch {
    return false;
  }
}
