// What one says, until it is on the server's disk: once, and in the order in which one said it.
//
// The rule: what was sent and not acknowledged when the connection broke may have been kept. It is looked for in the
// history first (by the token in its tags, or its text), and said again only if it is not there. Where the server knows ids
// of ours (veche/once) and knows us by our account, it is said again under its id, and the server says it once.

import { bytes, pieces } from "../wire/names.ts";
import type { Tags } from "../wire/message.ts";
import { t } from "../phrases.ts";
import { worded } from "../refusals.ts";
import type { Chat } from "./chat.ts";
import { toNow } from "./history.ts";
import type { Conversation, Entry, Outgoing } from "./model.ts";

export const TOKEN = "+veche/token";
// veche/once: the server says a message with this id once, however often an account sends it (docs/ext/once.md).
const ID = "+veche/id";

/** Say something; a text that is too long for one message becomes several. */
export function send(
  chat: Chat, conversation: Conversation, text: string, kind: "say" | "action" = "say", thread = "",
): void {
  const reply = thread || (conversation.replyTo?.msgid ?? "");
  if (thread === "") conversation.replyTo = null;
  toNow(chat, conversation);
  for (const part of parts(chat, text)) {
    conversation.pending.push({
      token: crypto.getRandomValues(new Uint32Array(3)).join("-"),
      hasId: false, text: part, kind, reply, progress: "waiting", reason: "", time: Date.now(),
    });
  }
  chat.typed(conversation);
  pump(chat, conversation);
  conversation.changed();
}

/** Say a message anew. Refused, it stays as it is and the reader is told. */
export function edit(chat: Chat, conversation: Conversation, entry: Entry, text: string): void {
  const fresh = text.trim();
  if (fresh === "" || fresh === entry.text) return;
  if (chat.state !== "in") {
    chat.say(t("no-edit-now"));
    return;
  }
  const label = chat.label((lines) => chat.tellRefusals(lines));
  deliver(chat, conversation.name, fresh, entry.kind === "action" ? "action" : "say", { label, "+draft/edit": entry.msgid });
}

/** Send what waits, when the conversation is up to date. */
export function pump(chat: Chat, conversation: Conversation): void {
  if (chat.state !== "in" || (conversation.sync !== "live" && conversation.sync !== "none")) return;
  for (const outgoing of conversation.pending) {
    if (outgoing.progress === "waiting") transmit(chat, conversation, outgoing);
  }
}

export function retry(chat: Chat, conversation: Conversation, outgoing: Outgoing): void {
  outgoing.progress = "waiting";
  pump(chat, conversation);
  conversation.changed();
}

export function discard(conversation: Conversation, outgoing: Outgoing): void {
  conversation.pending = conversation.pending.filter((one) => one !== outgoing);
  conversation.changed();
}

/** Take what has arrived out of what is on its way. */
export function recognise(conversation: Conversation, entry: Entry): void {
  const sought = conversation.pending.filter((one) => !one.hasId);
  const found =
    sought.find((one) => entry.token !== "" && one.token === entry.token) ??
    sought.find(
      (one) => entry.token === "" && one.progress === "sending" && one.text === entry.text && one.kind === entry.kind,
    );
  if (found !== undefined) discard(conversation, found);
}

/** The connection is gone. What was under way stays so until the history has been looked through. */
export function unsettle(chat: Chat): void {
  for (const conversation of chat.conversations.values()) {
    // Where nothing was loaded there is nothing to look through from: the newest page will do.
    if (conversation.pending.length === 0) continue;
    if (conversation.sync === "apart") conversation.forget();
    if (conversation.sync === "apart" || conversation.sync === "none") conversation.sync = "stale";
  }
}

/** The history has been looked through: what is still under way did not arrive. */
export function settleSearch(conversation: Conversation): void {
  for (const outgoing of conversation.pending) {
    if (outgoing.progress === "sending") outgoing.progress = "waiting";
  }
}

function transmit(chat: Chat, conversation: Conversation, outgoing: Outgoing): void {
  outgoing.progress = "sending";
  const label = chat.label((lines) => {
    const refusal = lines.find((line) => /^(4\d\d|FAIL)$/.test(line.command));
    if (refusal !== undefined) {
      outgoing.progress = "failed";
      outgoing.reason = worded(refusal);
      conversation.changed();
    } else if (lines.some((line) => line.command === "PRIVMSG")) {
      discard(conversation, outgoing);
    } else {
      // Acknowledged without an echo (an away text, an empty batch): it is kept.
      chat.kept(conversation, outgoing);
    }
  });
  const tags: Tags = { label };
  outgoing.hasId = outgoing.hasId || (chat.account !== "" && chat.caps.has("veche/once"));
  if (chat.caps.has("message-tags")) tags[outgoing.hasId ? ID : TOKEN] = outgoing.token;
  if (outgoing.reply !== "") tags["+draft/reply"] = outgoing.reply;
  deliver(chat, conversation.name, outgoing.text, outgoing.kind, tags);
}

/** As one line, or as several that are one message; the tags are the message's. */
function deliver(chat: Chat, name: string, text: string, kind: "say" | "action", tags: Tags): void {
  if (kind === "action") {
    chat.tagged(tags, "PRIVMSG", name, `\x01ACTION ${text.replace(/\n/g, " ")}\x01`);
  } else if (!text.includes("\n") && bytes(text) <= chat.limits.line) {
    chat.tagged(tags, "PRIVMSG", name, text);
  } else {
    const reference = `m${tags["label"] ?? ""}`;
    chat.tagged(tags, "BATCH", `+${reference}`, "draft/multiline", name);
    for (const line of text.split("\n")) {
      pieces(line, chat.limits.line).forEach((piece, index) => {
        const more: Tags = index > 0 ? { "draft/multiline-concat": "" } : {};
        chat.tagged({ batch: reference, ...more }, "PRIVMSG", name, piece);
      });
    }
    chat.raw("BATCH", `-${reference}`);
  }
}

/** A text as messages that each fit the server's limits; without multiline each line is one. */
function parts(chat: Chat, text: string): string[] {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\0/g, "").split("\n");
  if (!chat.caps.has("draft/multiline")) {
    return lines.flatMap((line) => pieces(line, chat.limits.line)).filter((line) => line.trim() !== "");
  }
  const found: string[] = [];
  let part: string[] = [];
  let size = 0;
  let count = 0;
  const close = (): void => {
    const joined = part.join("\n");
    if (joined.trim() !== "") found.push(joined);
    part = [];
    size = count = 0;
  };
  for (const line of lines.flatMap((one) => pieces(one, chat.limits.bytes))) {
    const weight = bytes(line) + 1;
    const height = Math.max(1, Math.ceil(weight / (chat.limits.line / 2)));
    if (part.length > 0 && (size + weight > chat.limits.bytes || count + height > chat.limits.lines)) close();
    part.push(line);
    size += weight;
    count += height;
  }
  close();
  return found;
}

