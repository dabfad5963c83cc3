// What was said while one was not there, and before one came. While a page is on its way, what is said is held back, so
// that the order stays the server's.
//
// Source: chathistory (draft).

import { nickOf, type Message } from "../wire/message.ts";
import type { Chat } from "./chat.ts";
import { Conversation, type Entry } from "./model.ts";
import { readEntry, redact, addReaction } from "./incoming.ts";
import { pump, recognise, settleSearch } from "./sending.ts";

const PAGE = 60;
const GAP_PAGE = 200;
const MOST_GAP_PAGES = 5; // beyond it one starts anew at the end, and scrolls back

/** Bring a conversation up to now, unless it is. */
export function sync(chat: Chat, conversation: Conversation): void {
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
    if (conversation.sync !== "none") conversation.sync = "stale";
    conversation.changed();
  }
}

/** One page before the oldest that is here. */
export function older(chat: Chat, conversation: Conversation): void {
  const oldest = conversation.oldest;
  if (oldest === undefined || conversation.isWhole || conversation.isLoadingOlder || chat.state !== "in") return;
  conversation.isLoadingOlder = true;
  fetch(chat, conversation, ["BEFORE", conversation.name, `msgid=${oldest.msgid}`, String(PAGE)], (page, count) => {
    conversation.isLoadingOlder = false;
    conversation.isWhole = count < PAGE;
    conversation.prepend(page);
    conversation.changed();
  });
}

function latest(chat: Chat, conversation: Conversation): void {
  fetch(chat, conversation, ["LATEST", conversation.name, "*", String(PAGE)], (page, count) => {
    conversation.isWhole = count < PAGE;
    finish(chat, conversation, page);
  });
}

function after(chat: Chat, conversation: Conversation, msgid: string, pagesLeft: number): void {
  const asked = ["AFTER", conversation.name, `msgid=${msgid}`, String(GAP_PAGE)];
  fetch(chat, conversation, asked, (page, count) => {
    const last = page.at(-1);
    if (count < GAP_PAGE || last === undefined) {
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
        const entry = readEntry(chat, line);
        if (entry !== null) page.push(entry);
        else later.push(line);
      }
      done(page, batch.items.length);
      for (const line of later) amend(conversation, line);
      conversation.changed();
    },
    "CHATHISTORY",
    params,
  );
}

/** Reactions and redactions that the record tells of, once their messages are here. */
function amend(conversation: Conversation, line: Message): void {
  if (line.command === "REDACT") redact(conversation, line.params[1] ?? "");
  if (line.command === "TAGMSG") addReaction(conversation, nickOf(line.source), line.tags);
}
