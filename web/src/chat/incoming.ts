// What the server says, obeyed: one function per command. It changes the model and answers PING, and says nothing else.

import { nickOf, type Message, type Tags } from "../wire/message.ts";
import { fold, isRoom, mentions } from "../wire/names.ts";
import type { Chat } from "./chat.ts";
import { add, sync } from "./history.ts";
import { Conversation, entryOf, type Entry, type Person, type Reaction } from "./model.ts";
import { t } from "../phrases.ts";
import { isRefusal, worded } from "../refusals.ts";
import { recognise, TOKEN } from "./sending.ts";

const TYPING_LASTS = 6500; // typing: an "active" is good for six seconds
const MOST_HELD = 100;
type Handler = (chat: Chat, message: Message, isAnswer: boolean) => void;

/** Obey one line; `isAnswer`: whoever asked for it has seen it already. */
export function incoming(chat: Chat, message: Message, isAnswer: boolean): void {
  HANDLERS[message.command]?.(chat, message, isAnswer);
}

/** A message as an entry; null for a line that is none. */
export function readEntry(chat: Chat, { command, params, source, tags }: Message): Entry | null {
  if (command !== "PRIVMSG" && command !== "NOTICE") return null;
  let text = params[1] ?? "";
  let kind: Entry["kind"] = command === "NOTICE" ? "notice" : "say";
  if (text.startsWith("\x01")) {
    const action = /^\x01ACTION ([^]*?)\x01?$/.exec(text);
    if (action === null) return null; // CTCP: nothing that a person has said
    text = action[1] ?? "";
    kind = "action";
  }
  const from = nickOf(source);
  return entryOf({
    msgid: tags["msgid"] ?? "",
    time: Date.parse(tags["time"] ?? "") || Date.now(),
    kind,
    from,
    text,
    reply: tags["+reply"] ?? tags["+draft/reply"] ?? "",
    reactions: readReactions(tags["veche/reactions"] ?? ""),
    isMine: chat.isMe(from) || (chat.account !== "" && fold(tags["account"] ?? "") === fold(chat.account)),
    isEdited: "veche/edited" in tags,
    token: tags[TOKEN] ?? "",
  });
}

/** What a message says now. The record tells of it by a tag of its own, and live it is a message about a message. */
export function reword(conversation: Conversation, message: Message): void {
  const entry = conversation.find(message.tags["+draft/edit"] ?? "");
  if (entry === undefined || entry.isRedacted) return;
  const text = message.params[1] ?? "";
  entry.text = /^\x01ACTION ([^]*?)\x01?$/.exec(text)?.[1] ?? text;
  entry.isEdited = true;
  conversation.touch(entry);
}

/** Whether a message says another one anew. */
export function isEdit(chat: Chat, { command, tags }: Message): boolean {
  return (command === "PRIVMSG" || command === "NOTICE") && "+draft/edit" in tags && chat.caps.has("draft/message-edit");
}

export function redact(conversation: Conversation, msgid: string): void {
  const entry = conversation.find(msgid);
  if (entry === undefined) return;
  entry.isRedacted = true;
  entry.text = "";
  conversation.touch(entry);
}

/** "👍:3,tea:1": how many have reacted how (docs/ext/reactions.md). */
function readReactions(value: string): Map<string, Reaction> {
  const found = new Map<string, Reaction>();
  for (const part of value === "" ? [] : value.split(",")) {
    const [name = "", count = ""] = part.split(":");
    const text = name.replace(/%(25|2C|3A)/gi, (code) => decodeURIComponent(code)).slice(0, 32);
    if (text !== "") found.set(text, { earlier: parseInt(count, 10) || 1, who: new Set() });
  }
  return found;
}

export function addReaction(conversation: Conversation, nick: string, tags: Tags): void {
  const entry = conversation.find(tags["+reply"] ?? tags["+draft/reply"] ?? "");
  const added = (tags["+draft/react"] ?? "").slice(0, 32);
  const removed = (tags["+draft/unreact"] ?? "").slice(0, 32);
  if (entry === undefined || added + removed === "") return;
  if (added !== "") {
    const one = entry.reactions.get(added) ?? { earlier: 0, who: new Set<string>() };
    one.who.add(nick);
    entry.reactions.set(added, one);
  }
  const one = entry.reactions.get(removed);
  if (one !== undefined) {
    // Who is not among those that came while one was here is among the earlier ones.
    if (!one.who.delete(nick)) one.earlier = Math.max(0, one.earlier - 1);
    if (one.who.size + one.earlier === 0) entry.reactions.delete(removed);
  }
  conversation.touch(entry);
}

/** Where a line belongs: the room, or whoever is at the other end. */
export function place(chat: Chat, message: Message): string {
  const target = (message.params[0] ?? "").replace(/^[~&@%+]+(?=#)/, "");
  const from = nickOf(message.source);
  return isRoom(target) || chat.isMe(from) ? target : from;
}

function said(chat: Chat, message: Message): void {
  if (isEdit(chat, message)) {
    reword(chat.conversation(place(chat, message)), message);
    return;
  }
  const entry = readEntry(chat, message);
  if (entry === null) return;
  if (!message.source.includes("!") && message.command === "NOTICE") {
    if (chat.current !== null) note(chat.current, entry.text); // the server's own word
    return;
  }
  const conversation = chat.conversation(place(chat, message));
  conversation.typing.delete(entry.from);
  if (conversation.sync === "live") add(conversation, entry);
  else if (conversation.sync !== "apart") hold(conversation, entry);
  else if (entry.isMine) recognise(conversation, entry);
  const isSeen = chat.current === conversation && chat.isFocused;
  if (!entry.isMine && chat.isBlocked(entry.from)) {
    conversation.changed();
    return;
  }
  if (!entry.isMine && isSeen) chat.onSeen(entry);
  if (!entry.isMine && !isSeen) {
    if (conversation.unread === 0 && conversation.line === 0) conversation.line = entry.time - 1;
    conversation.unread++;
    const calls = !conversation.isRoom || mentions(chat.nick, entry.text);
    if (calls) conversation.mentions++;
    chat.changed();
    chat.onNews(conversation, entry, calls);
  } else if (isSeen) {
    chat.markRead(conversation);
  }
  conversation.changed();
}

/** Until its conversation is loaded, where the last of them will be in the page; or will not, for a guest who has gone. */
function hold(conversation: Conversation, entry: Entry): void {
  conversation.held.push(entry);
  if (conversation.sync !== "loading" && conversation.held.length > MOST_HELD) conversation.held.shift();
  if (entry.isMine) recognise(conversation, entry);
}

function tagmsg(chat: Chat, message: Message): void {
  const from = nickOf(message.source);
  const conversation = chat.conversation(place(chat, message));
  const typing = message.tags["+typing"];
  if (typing !== undefined && !chat.isMe(from)) {
    if (typing === "active") {
      conversation.typing.set(from, Date.now() + TYPING_LASTS);
      setTimeout(() => {
        if ((conversation.typing.get(from) ?? Infinity) > Date.now()) return;
        conversation.typing.delete(from);
        conversation.changed();
      }, TYPING_LASTS + 50);
    } else {
      conversation.typing.delete(from);
    }
  }
  addReaction(conversation, from, message.tags);
  conversation.changed();
}

/** A line about what has happened, where it can be seen. Those in a row are one entry. */
export function note(conversation: Conversation, text: string): void {
  if (conversation.sync !== "live") return;
  conversation.append(entryOf({ kind: "event", text, time: Date.now() }));
  conversation.changed();
}

/** What happened in a room, where it can be seen. */
function tell(conversation: Conversation, message: Message): void {
  const entry = readEvent(message);
  if (entry === null || conversation.sync !== "live") return;
  conversation.append(entry);
  conversation.changed();
}

/**
 * What happened, as an entry, live or from the record. It is told in a small language of its own, so that the page can
 * say it in the reader's. Null for what is no event.
 */
export function readEvent({ command, params, source, tags }: Message): Entry | null {
  const nick = nickOf(source);
  const words: Record<string, string[]> = {
    JOIN: ["joined", nick], PART: ["left", nick, params[1] ?? ""], QUIT: ["left", nick, params[0] ?? ""],
    NICK: ["renamed", nick, params[0] ?? ""], TOPIC: ["topic", nick, params[1] ?? ""],
    KICK: ["kicked", params[1] ?? "", nick, params[2] ?? ""], MODE: ["mode", nick, params.slice(1).join(" ")],
  };
  const found = words[command];
  if (found === undefined) return null;
  const text = ["\x01" + found[0]!, ...found.slice(1)].join("\x1f");
  const time = Date.parse(tags["time"] ?? "") || Date.now();
  return entryOf({ kind: "event", text, time, msgid: tags["msgid"] ?? "", from: nick });
}

function learn(chat: Chat, source: string): Person {
  const [nick = "", user = "", host = ""] = source.split(/[!@]/);
  const person = chat.person(nick);
  if (user !== "") Object.assign(person, { nick, user, host });
  return person;
}

function gone(chat: Chat, conversation: Conversation, nick: string): void {
  conversation.members.delete(fold(nick));
  conversation.typing.delete(nick);
  if (chat.isMe(nick)) chat.drop(conversation);
  else conversation.changed();
}

function roomsOf(chat: Chat, nick: string): Conversation[] {
  return [...chat.conversations.values()].filter((one) => one.members.has(fold(nick)));
}

function join(chat: Chat, message: Message): void {
  const [name = "", account = "*", realname = ""] = message.params;
  const person = learn(chat, message.source);
  person.account = account === "*" ? "" : account;
  person.realname = realname;
  const conversation = chat.conversation(name);
  conversation.members.set(fold(person.nick), conversation.members.get(fold(person.nick)) ?? "");
  if (chat.isMe(person.nick)) {
    conversation.isJoined = true;
    if (chat.current === null) chat.show(conversation);
    else if (chat.current === conversation) sync(chat, conversation);
    else if (conversation.pending.length > 0) sync(chat, conversation);
    chat.changed();
  } else {
    tell(conversation, message);
  }
  conversation.changed();
}

function nick(chat: Chat, message: Message): void {
  const old = nickOf(message.source);
  const fresh = message.params[0] ?? old;
  const rooms = roomsOf(chat, old);
  const isMe = chat.isMe(old);
  if (isMe) chat.renamed(fresh);
  const person = learn(chat, message.source);
  chat.people.delete(fold(old));
  chat.people.set(fold(fresh), { ...person, nick: fresh });
  for (const room of rooms) {
    const marks = room.members.get(fold(old)) ?? "";
    room.members.delete(fold(old));
    room.members.set(fold(fresh), marks);
    tell(room, message);
    room.changed();
  }
  chat.changed();
}

/** MODE #room +o-v nick nick: only what ranks people is kept. */
function mode(chat: Chat, message: Message): void {
  const [target = "", changes = "", ...words] = message.params;
  if (!isRoom(target)) {
    if (chat.isMe(target)) ownModes(chat, changes);
    return;
  }
  const conversation = chat.conversation(target);
  if (conversation.modes !== "") {
    // Somebody looks at them. Those with a parameter are asked for: which is whose is the server's to say.
    conversation.modes = withFlags(conversation.modes, changes);
    chat.raw("MODE", target);
  }
  const marks: Record<string, string> = { q: "~", a: "&", o: "@", h: "%", v: "+" };
  let isOn = true;
  for (const letter of changes) {
    if (letter === "+" || letter === "-") isOn = letter === "+";
    else if (letter in marks) {
      const key = fold(words.shift() ?? "");
      const held = new Set(conversation.members.get(key) ?? "");
      if (isOn) held.add(marks[letter]!);
      else held.delete(marks[letter]!);
      if (conversation.members.has(key)) conversation.members.set(key, [..."~&@%+"].filter((one) => held.has(one)).join(""));
    } else if ("beIk".includes(letter) || (isOn && "dflj".includes(letter))) words.shift();
  }
  tell(conversation, message);
  conversation.changed();
}

/** "+nt" after "+m-t" is "+nm"; letters that are none of a room's own rules are left as they are. */
function withFlags(modes: string, changes: string): string {
  const [flags = "", ...values] = modes.split(" ");
  const on = new Set(flags.slice(1));
  let isOn = true;
  for (const letter of changes) {
    if (letter === "+" || letter === "-") isOn = letter === "+";
    else if (!"qaohvbeIkdfl".includes(letter)) {
      if (isOn) on.add(letter);
      else on.delete(letter);
    }
  }
  return [`+${[...on].join("")}`, ...values].join(" ");
}

/** "+o": one is an operator of the server. */
function ownModes(chat: Chat, changes: string): void {
  let isOn = true;
  for (const letter of changes) {
    if (letter === "+" || letter === "-") isOn = letter === "+";
    else if (letter === "o") chat.isOperator = isOn;
  }
  chat.changed();
}

/** A mask of SILENCE; one of a nick alone means that person in rooms, too. */
function silenced(chat: Chat, mask: string, isSilent: boolean): void {
  const key = fold(mask.replace(/!\*@\*$/, ""));
  if (isSilent) chat.blocked.set(key, mask);
  else chat.blocked.delete(key);
}

/** Who is here, who went: for people that one talks with alone (MONITOR). */
function presence(chat: Chat, list: string, isHere: boolean): void {
  for (const source of list.split(",")) {
    if (source === "") continue;
    const person = learn(chat, source);
    person.isHere = isHere;
    if (!isHere) person.away = null;
  }
  chat.changed();
}

/** A line of WHOX that the page has asked for: "354 me 7 nick account flags :real name". */
function whox(chat: Chat, { params }: Message): void {
  const [, mark, user = "", host = "", nick = "", flags = "", account = "", realname = ""] = params;
  if (mark !== "7") return;
  const person = chat.person(nick);
  Object.assign(person, { user, host, realname, account: account === "0" ? "" : account, isHere: true });
  if (!flags.includes("G")) person.away = null;
  else person.away ??= "";
}

function names(chat: Chat, message: Message): void {
  const conversation = chat.conversation(message.params[2] ?? "");
  for (const word of (message.params[3] ?? "").split(" ")) {
    const marks = /^[~&@%+]*/.exec(word)![0];
    if (word === marks) continue;
    const person = learn(chat, word.slice(marks.length));
    conversation.members.set(fold(person.nick), marks);
  }
  conversation.changed();
}

function refused(chat: Chat, message: Message, isAnswer: boolean): void {
  if (!isAnswer && isRefusal(message)) chat.say(worded(message));
}

const HANDLERS: Record<string, Handler> = {
  PING: (chat, { params }) => chat.raw("PONG", ...params),
  PRIVMSG: said,
  NOTICE: said,
  TAGMSG: tagmsg,
  JOIN: join,
  NICK: nick,
  MODE: mode,
  "353": names,
  "221": (chat, { params }) => ownModes(chat, params[1] ?? ""),
  SILENCE: (chat, { params }) => {
    for (const word of params) silenced(chat, word.replace(/^[+-]/, ""), word[0] !== "-");
    for (const conversation of chat.conversations.values()) conversation.changed();
    chat.changed();
  },
  "271": (chat, { params }) => silenced(chat, params[2] ?? "", true),
  "324": (chat, { params }) => {
    const conversation = chat.conversation(params[1] ?? "");
    conversation.modes = params.slice(2).join(" ");
    conversation.changed();
  },
  "354": whox,
  "366": (chat, { params }) => {
    const conversation = chat.conversations.get(fold(params[1] ?? ""));
    if (conversation !== undefined && conversation === chat.current) chat.look(conversation);
  },
  "730": (chat, { params }) => presence(chat, params[1] ?? "", true),
  "731": (chat, { params }) => presence(chat, params[1] ?? "", false),
  "001": (chat, { params }) => chat.welcomed(params[0] ?? ""),
  "005": (chat, { params }) => {
    const page = params.find((param) => param.startsWith("CHATHISTORY="));
    if (page !== undefined) chat.limits.page = parseInt(page.slice(12), 10) || chat.limits.page;
    const network = params.find((param) => param.startsWith("NETWORK="));
    // The page knows the network's name as its owner wrote it; the token has no spaces.
    if (network !== undefined && chat.network === "") chat.network = network.slice(8).replaceAll("\\x20", " ");
    chat.changed();
  },
  "332": (chat, { params }) => {
    chat.conversation(params[1] ?? "").topic = params[2] ?? "";
    chat.changed();
  },
  "331": (chat, { params }) => {
    chat.conversation(params[1] ?? "").topic = "";
  },
  GUEST: (chat, { params }) => {
    chat.guestToken = params[0] ?? "";
  },
  "900": (chat, { params }) => {
    chat.account = params[2] ?? "";
    chat.changed();
  },
  "901": (chat) => {
    chat.account = "";
    chat.changed();
  },
  TOPIC: (chat, message) => {
    const conversation = chat.conversation(message.params[0] ?? "");
    conversation.topic = message.params[1] ?? "";
    tell(conversation, message);
    chat.changed();
  },
  PART: (chat, message) => {
    const conversation = chat.conversations.get(fold(message.params[0] ?? ""));
    if (conversation === undefined) return;
    tell(conversation, message);
    gone(chat, conversation, nickOf(message.source));
  },
  QUIT: (chat, message) => {
    const who = nickOf(message.source);
    for (const room of roomsOf(chat, who)) {
      tell(room, message);
      if (!chat.isMe(who)) gone(chat, room, who);
    }
  },
  KICK: (chat, message) => {
    const [name = "", who = "", reason = ""] = message.params;
    const conversation = chat.conversations.get(fold(name));
    if (conversation === undefined) return;
    tell(conversation, message);
    if (chat.isMe(who)) chat.say(t("you-kicked", { a: nickOf(message.source), name, reason }));
    gone(chat, conversation, who);
  },
  RENAME: (chat, { params }) => {
    const conversation = chat.conversations.get(fold(params[0] ?? ""));
    if (conversation === undefined || params[1] === undefined) return;
    chat.drop(conversation);
    chat.go(params[1]);
  },
  AWAY: (chat, { params, source }) => {
    learn(chat, source).away = params[0] ?? null;
    for (const room of roomsOf(chat, nickOf(source))) room.changed();
  },
  ACCOUNT: (chat, { params, source }) => {
    const account = params[0] === "*" ? "" : (params[0] ?? "");
    learn(chat, source).account = account;
    if (chat.isMe(nickOf(source))) chat.account = account;
    chat.changed();
  },
  METADATA: (chat, message) => chat.onMetadata(message),
  SETNAME: (chat, { params, source }) => {
    learn(chat, source).realname = params[0] ?? "";
  },
  CHGHOST: (chat, { params, source }) => {
    Object.assign(chat.person(nickOf(source)), { user: params[0] ?? "", host: params[1] ?? "" });
  },
  REDACT: (chat, message) => {
    const conversation = chat.conversation(place(chat, message));
    redact(conversation, message.params[1] ?? "");
    conversation.changed();
  },
  MARKREAD: (chat, { params }) => {
    const at = Date.parse((params[1] ?? "").replace("timestamp=", ""));
    if (Number.isNaN(at)) return;
    const conversation = chat.conversation(params[0] ?? "");
    conversation.readAt = Math.max(conversation.readAt, at);
    // What was said where nothing is loaded yet waits for its history.
    const newest = conversation.held.at(-1) ?? conversation.newest;
    if ((newest?.time ?? Infinity) <= conversation.readAt) conversation.unread = conversation.mentions = 0;
    chat.changed();
  },
  UNREAD: (chat, { params }) => {
    const conversation = chat.conversation(params[0] ?? "");
    if (chat.current === conversation && chat.isFocused && conversation.sync === "live") return;
    conversation.unread = parseInt(params[1] ?? "0", 10) || 0;
    conversation.mentions = parseInt(params[2] ?? "0", 10) || 0;
    chat.changed();
  },
  INVITE: (chat, { params, source }) => {
    if (!chat.isMe(params[0] ?? "")) return;
    chat.invitations.set(fold(params[1] ?? ""), { room: params[1] ?? "", by: nickOf(source) });
    chat.changed();
  },
  FAIL: refused,
  "404": refused,
  "433": refused,
  "432": refused,
  "482": refused,
};
