// What was said while one was not there, and before one came. While a page is on its way, what is said is held back, so
// that the order stays the server's.
//
// Source: chathistory (draft).

import { nickOf, type Message } from "../wire/message.ts";
import type { Chat } from "./chat.ts";
import { Conversation, type Entry } from "./model.ts";
import { addReaction, isEdit, readEntry, readEvent, redact, reword } from "./incoming.ts";
import { pump, recognise, settleSearch } from "./sending.ts";

const PAGE = 100;
const GAP_PAGE = 200;
const MOST_GAP_PAGES = 5; // beyond it one starts anew at the end, and scrolls back

/** Bring a conversation up to now, unless it is. */
export function sync(chat: Chat, conversation: Conversation): void {
  if (conversation.sync === "apart") return; // one reads in the past; what is new is counted
  if (conversation.sync === "live" || conversation.sync === "loading" || chat.state !== "in") return;
  const from = conversation.newest;
  conversation.sync = "loading";
  if (from === undefined || conversation.entries.length === 0) latest(chat, conversation);
  else after(chat, conversation, from.msgid, MOST_GAP_PAGES);
}

/** The connection is gone: nothing is live, and no page is on its way. */
export function forgetSyncs(chat: Chat): void {
  for (const conversation of chat.conversations.values()) {
    conversation.held = [];
    conversation.isLoadingOlder = false;
    conversation.isLoadingNewer = false;
    if (conversation.sync !== "none" && conversation.sync !== "apart") conversation.sync = "stale";
    conversation.changed();
  }
}

/** Load what was said around a message, instead of what is here, unless it is here. `done` hears whether it is now. */
export function around(chat: Chat, conversation: Conversation, msgid: string, done: (isHere: boolean) => void): void {
  if (conversation.find(msgid) !== undefined) done(true);
  else visit(chat, conversation, `msgid=${msgid}`, (page) => page.some((entry) => entry.msgid === msgid), done);
}

/** Load what was new when one came, from its beginning, unless that is here. */
export function firstNews(chat: Chat, conversation: Conversation, done: (entry: Entry | null) => void): void {
  const here = conversation.firstNew();
  if (here !== null) done(here);
  else {
    const moment = `timestamp=${new Date(conversation.line).toISOString()}`;
    visit(chat, conversation, moment, (page) => page.length > 0, () => {
      done(conversation.entries.find((entry) => entry.time > conversation.line && !entry.isMine && entry.kind !== "event") ?? null);
    });
  }
}

function visit(
  chat: Chat, conversation: Conversation, where: string, isRight: (page: Entry[]) => boolean, done: (isHere: boolean) => void,
): void {
  if (chat.state !== "in" || conversation.sync === "loading") {
    done(false);
    return;
  }
  const before = conversation.sync;
  conversation.sync = "loading";
  fetch(chat, conversation, ["AROUND", conversation.name, where, String(pageOf(chat))], (page) => {
    if (!isRight(page)) {
      conversation.sync = before === "apart" ? "apart" : "stale";
      sync(chat, conversation);
      done(false);
      return;
    }
    conversation.forget();
    for (const entry of page) conversation.append(entry);
    conversation.held = [];
    conversation.sync = "apart";
    conversation.changed();
    done(true);
  });
}

/** One page behind the newest that is here, where that is not now. */
export function newer(chat: Chat, conversation: Conversation): void {
  const newest = conversation.newest;
  if (newest === undefined || conversation.sync !== "apart" || conversation.isLoadingNewer || chat.state !== "in") return;
  conversation.isLoadingNewer = true;
  fetch(chat, conversation, ["AFTER", conversation.name, `msgid=${newest.msgid}`, String(pageOf(chat))], (page, count) => {
    conversation.isLoadingNewer = false;
    if (conversation.sync !== "apart") return;
    for (const entry of page) conversation.append(entry);
    if (count < pageOf(chat)) {
      // The end is reached, or something was said meanwhile: from here on it is as after a break.
      conversation.sync = "stale";
      sync(chat, conversation);
    }
    conversation.changed();
  });
}

/** Leave the past: load what was said last. */
export function toNow(chat: Chat, conversation: Conversation): void {
  if (conversation.sync !== "apart") return;
  conversation.forget();
  conversation.sync = "stale";
  sync(chat, conversation);
}

/** One page before the oldest that is here. */
export function older(chat: Chat, conversation: Conversation): void {
  const oldest = conversation.oldest;
  if (oldest === undefined || conversation.isWhole || conversation.isLoadingOlder || chat.state !== "in") return;
  conversation.isLoadingOlder = true;
  fetch(chat, conversation, ["BEFORE", conversation.name, `msgid=${oldest.msgid}`, String(pageOf(chat))], (page, count) => {
    conversation.isLoadingOlder = false;
    conversation.isWhole = count < pageOf(chat);
    conversation.prepend(page);
    conversation.changed();
  });
}

/** How many messages one asks for, within what the server gives (CHATHISTORY in 005). */
function pageOf(chat: Chat): number {
  return Math.min(PAGE, chat.limits.page);
}

function latest(chat: Chat, conversation: Conversation): void {
  fetch(chat, conversation, ["LATEST", conversation.name, "*", String(pageOf(chat))], (page, count) => {
    conversation.isWhole = count < pageOf(chat);
    finish(chat, conversation, page);
  });
}

function after(chat: Chat, conversation: Conversation, msgid: string, pagesLeft: number): void {
  const size = Math.min(GAP_PAGE, chat.limits.page);
  const asked = ["AFTER", conversation.name, `msgid=${msgid}`, String(size)];
  fetch(chat, conversation, asked, (page, count) => {
    const last = page.at(-1);
    if (count < size || last === undefined) {
      finish(chat, conversation, page);
    } else if (pagesLeft > 1) {
      for (const entry of page) add(conversation, entry);
      after(chat, conversation, last.msgid, pagesLeft - 1);
    } else {
      conversation.forget();
      latest(chat, conversation);
    }
  });
}

function finish(chat: Chat, conversation: Conversation, page: Entry[]): void {
  for (const entry of [...page, ...conversation.held]) add(conversation, entry);
  conversation.held = [];
  conversation.sync = "live";
  settleSearch(conversation);
  pump(chat, conversation);
  if (chat.current === conversation) chat.markRead(conversation);
  conversation.changed();
}

/** Put an entry behind the others, once; what was still on its way may be it. */
export function add(conversation: Conversation, entry: Entry): void {
  if (conversation.append(entry) && entry.isMine) recognise(conversation, entry);
}

function fetch(
  chat: Chat, conversation: Conversation, params: string[], done: (page: Entry[], count: number) => void,
): void {
  chat.ask(
    (lines, batch) => {
      if (batch === null) {
        // Nobody one has talked with, or a record that cannot be read: what is said from now on is shown.
        done([], 0);
        return;
      }
      const page: Entry[] = [];
      const later: Message[] = [];
      for (const line of lines) {
        const entry = isEdit(chat, line) ? null : (readEntry(chat, line) ?? readEvent(line));
        if (entry !== null) page.push(entry);
        else later.push(line);
      }
      done(page, batch.items.length);
      for (const line of later) amend(chat, conversation, line);
      conversation.changed();
    },
    "CHATHISTORY",
    params,
  );
}

/** What the record tells of messages besides what they say, once they are here. */
function amend(chat: Chat, conversation: Conversation, line: Message): void {
  if (isEdit(chat, line)) reword(conversation, line);
  if (line.command === "REDACT") redact(conversation, line.params[1] ?? "");
  if (line.command === "TAGMSG") addReaction(conversation, nickOf(line.source), line.tags);
}

/** A thread: a message and all that answers it, and the answers to those, oldest first. */
export function thread(chat: Chat, conversation: Conversation, msgid: string, answer: (entries: Entry[]) => void): void {
  if (!chat.caps.has("veche/threads")) {
    answer([]);
    return;
  }
  chat.question(
    (lines) => answer(lines.filter((line) => !isEdit(chat, line)).map((line) => readEntry(chat, line)).filter((entry) => entry !== null)),
    "CHATHISTORY",
    ["THREAD", conversation.name, `msgid=${msgid}`, "*", String(chat.limits.page)],
  );
}
