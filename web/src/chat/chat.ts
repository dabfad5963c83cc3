// One person's chat: the connection with its ends and beginnings, and what the page may do. incoming.ts obeys the server,
// history.ts fetches what was said, sending.ts sees to it that what one says arrives once.
//
// The rule: whatever a line says, nothing here throws; and what is sent goes through `raw` or `ask`.

import { fold, isRoom } from "../wire/names.ts";
import { format, isWritable, parse, type Message, type Tags } from "../wire/message.ts";
import { t } from "../phrases.ts";
import { isRefusal, worded } from "../refusals.ts";
import { Batches, isBatch, messagesOf, type Batch } from "./batches.ts";
import { forgetSyncs, sync } from "./history.ts";
import { incoming } from "./incoming.ts";
import type { Ends, Link } from "./link.ts";
import { Conversation, entryOf, Watched, type Entry, type Outgoing, type Person } from "./model.ts";
import { Registration, type Failure, type Who } from "./registration.ts";
import { discard, unsettle } from "./sending.ts";

export type State = "out" | "connecting" | "in" | "lost";
export type Answer = (lines: Message[], batch: Batch | null) => void;

export interface Invitation {
  room: string;
  by: string;
}

export interface RoomInfo {
  name: string;
  count: number;
  topic: string;
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const SILENCE = 45_000; // then the server is asked whether it is there; twice: it is not
const TYPING_EVERY = 3500;
const MOST_WATCHED = 50; // people one has talked with of whom one hears whether they are here
const MOST_LOOKED = 500; // people of whom one asks who is away

export class Chat extends Watched {
  state: State = "out";
  nick = "";
  account = "";
  network = "";
  failure: Failure | null = null; // why one is not in, for the arrival page
  isStale = false; // the server gives another page by now
  get isAlone(): boolean {
    return this.state === "lost" && this.who === null;
  }

  notice = ""; // a short word on top of the page, until it is read
  news = ""; // the same of what went well; it goes by itself
  conversations = new Map<string, Conversation>();
  people = new Map<string, Person>();
  current: Conversation | null = null;
  isFocused = true;
  retryAt = 0;
  caps = new Set<string>();
  limits = { bytes: 4096, lines: 100, line: 350, page: 100 };
  isOperator = false; // of the server
  blocked = new Map<string, string>(); // folded nick -> the mask of SILENCE
  invitations = new Map<string, Invitation>(); // to rooms, not answered yet
  registration: Registration | null = null;
  guestToken = ""; // by what the server knows this guest again, when the connection was lost
  /** What one had begun to write in a conversation, by its key, before the page was loaded. */
  draftOf: (key: string) => string = () => "";
  /** One is in, for the first time or again. */
  onWelcome: () => void = () => undefined;
  onMetadata: (message: Message) => void = () => undefined;
  /** What somebody else has said where one does not look; `isCall`: to one alone, or by one's name. */
  onNews: (conversation: Conversation, entry: Entry, isCall: boolean) => void = () => undefined;

  /** What somebody else has said where one does look. */
  onSeen: (entry: Entry) => void = () => undefined;

  private link: Link | null = null;
  private connect: (ends: Ends, guest: string) => Link;
  private who: Who | null = null;
  private batches = new Batches();
  private asked = new Map<string, Answer>();
  private quiet = new Set<string>(); // labels whose answers are for who asked and nobody else
  private labels = 0;
  private wait = FIRST_WAIT;
  private hasBeenIn = false;
  private heardAt = 0;
  private isProbing = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private looked = new Set<string>();
  private newsEnd: ReturnType<typeof setTimeout> | undefined;
  private typedAt = new Map<string, number>();

  /** `connect` is told the name of who comes as a guest, "" for whoever proves who he is. */
  constructor(connect: (ends: Ends, guest: string) => Link) {
    super();
    this.connect = connect;
    setInterval(() => this.watchSilence(), 5000);
  }

  // ---- coming and going

  enter(who: Who): void {
    this.who = who;
    this.failure = null;
    this.hasBeenIn = false;
    this.open();
  }

  leave(): void {
    this.raw("QUIT");
    this.stop(null);
    this.conversations.clear();
    this.people.clear();
    this.current = null;
    this.who = null;
    this.changed();
  }

  /** Try again now rather than when the wait is over; without a name and a password one is asked for them. */
  hurry(): void {
    if (this.state !== "lost") return;
    if (this.who === null) this.leave();
    else this.open();
  }

  /** What was kept is on the page, and nobody answers: it is read until somebody does. */
  readAlone(nick: string): void {
    this.nick = nick;
    this.hasBeenIn = true;
    const [first] = this.sorted();
    this.current ??= first ?? null;
    this.lost();
  }

  private open(): void {
    clearTimeout(this.retry);
    this.state = this.hasBeenIn ? "lost" : "connecting";
    this.retryAt = 0;
    this.batches.forget();
    this.asked.clear();
    this.quiet.clear();
    this.looked.clear();
    this.isOperator = false;
    let mine: Link | null = null;
    const isMine = (): boolean => mine !== null && this.link === mine;
    const registration = new Registration(
      this.who!,
      (line) => this.link?.send(line),
      (failure) => this.refuse(failure),
      this.guestToken,
    );
    this.registration = registration;
    this.caps = registration.caps;
    const ends: Ends = {
      opened: () => isMine() && registration.begin(),
      line: (text) => isMine() && this.take(text),
      closed: () => isMine() && this.lost(),
    };
    // Whoever was in keeps the name that he has by now.
    const { nick, password } = this.who!;
    mine = this.connect(ends, password === "" ? nick : "");
    this.link = mine;
    this.heardAt = Date.now();
    this.changed();
  }

  /** The server will not have us: a newcomer is told, who was in tries again, since his old session may still be there. */
  private refuse(failure: Failure): void {
    if (this.hasBeenIn && this.who?.password === "") this.link?.close();
    else this.stop(failure);
  }

  private stop(failure: Failure | null): void {
    clearTimeout(this.retry);
    const link = this.link;
    this.link = null;
    link?.close();
    this.state = "out";
    this.failure = failure;
    this.hasBeenIn = false;
    this.guestToken = "";
    this.changed();
  }

  private lost(): void {
    this.link = null;
    if (!this.hasBeenIn) {
      this.stop(this.failure ?? { code: "unreachable", text: "" });
      return;
    }
    this.state = "lost";
    forgetSyncs(this);
    unsettle(this);
    if (this.who === null) {
      this.retryAt = 0;
      this.changed();
      return;
    }
    const wait = this.wait * (0.75 + Math.random() / 2); // so that a crowd does not come back in one moment
    this.retryAt = Date.now() + wait;
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.retry = setTimeout(() => this.open(), wait);
    this.changed();
  }

  /** One is called otherwise from now on; a guest comes back by that name. */
  renamed(nick: string): void {
    this.nick = nick;
    if (this.who?.password === "") this.who = { ...this.who, nick };
  }

  /** 001 has come: the nick is ours. */
  welcomed(nick: string): void {
    const rooms = [...this.conversations.values()].filter((one) => one.isRoom && one.isJoined);
    this.nick = nick;
    this.state = "in";
    this.hasBeenIn = true;
    this.wait = FIRST_WAIT;
    if (this.who !== null && this.registration?.isLate === true) {
      this.ask((lines) => this.tellRefusals(lines), "REGISTER", ["*", this.who.email || "*", this.who.password]);
    }
    // The account exists from here on: coming back is a login.
    if (this.who !== null) this.who = { ...this.who, isNew: false, invitation: "" };
    const multiline = this.registration?.limits("draft/multiline");
    this.limits.bytes = multiline?.get("max-bytes") || this.limits.bytes;
    this.limits.lines = multiline?.get("max-lines") || this.limits.lines;
    for (const room of rooms) room.members.clear();
    if (rooms.length > 0) this.raw("JOIN", rooms.map((room) => room.name).join(","));
    if (this.current !== null && !this.current.isRoom) sync(this, this.current);
    const others = [...this.conversations.values()].filter((one) => !one.isRoom);
    for (const one of others.slice(0, MOST_WATCHED)) this.look(one);
    this.raw("MODE", nick);
    this.blocked.clear();
    this.question(() => undefined, "SILENCE", []);
    this.onWelcome();
    this.changed();
  }

  private watchSilence(): void {
    if (this.link === null || Date.now() - this.heardAt < SILENCE) return;
    if (this.isProbing) this.link.close();
    else {
      this.isProbing = true;
      this.heardAt = Date.now() - SILENCE / 2;
      this.raw("PING", "there");
    }
  }

  // ---- lines

  raw(command: string, ...params: string[]): void {
    this.tagged({}, command, ...params);
  }

  /** Names come from people and from the server: a line that cannot be written with them is not sent. */
  tagged(tags: Tags, command: string, ...params: string[]): void {
    if (!isWritable(params)) return;
    this.link?.send(format(command, params, tags));
  }

  /** Say a line under a label; the answer comes once, or never if the connection breaks. */
  ask(answer: Answer, command: string, params: string[], tags: Tags = {}): string {
    const label = this.label(answer);
    this.tagged({ label, ...tags }, command, ...params);
    return label;
  }

  /** Ask for what a window shows: neither a conversation nor a notice comes of the answer. */
  question(answer: Answer, command: string, params: string[]): void {
    this.quiet.add(this.ask(answer, command, params));
  }

  label(answer: Answer): string {
    const label = (++this.labels).toString(36);
    this.asked.set(label, answer);
    return label;
  }

  private take(text: string): void {
    this.heardAt = Date.now();
    this.isProbing = false;
    const message = parse(text);
    if (message === null) return;
    if (this.state !== "in" && this.registration?.take(message)) return;
    const item = this.batches.take(message);
    if (item === null) return;
    const opening = isBatch(item) ? item.opening : item;
    const label = opening.tags["label"] ?? "";
    const answer = this.asked.get(label);
    this.asked.delete(label);
    const lines = isBatch(item) ? messagesOf(item) : [item];
    if (answer !== undefined) answer(lines, isBatch(item) ? item : null);
    if (isBatch(item) && (item.type === "chathistory" || item.type === "soju.im/search")) return; // whoever asked has it
    const isQuiet = this.quiet.delete(label);
    for (const line of lines) {
      if (!isQuiet || (line.command !== "NOTICE" && line.command !== "PRIVMSG")) incoming(this, line, answer !== undefined);
    }
  }

  // ---- conversations

  conversation(name: string): Conversation {
    const key = fold(name);
    let found = this.conversations.get(key);
    if (found === undefined) {
      found = new Conversation(name);
      found.draft = this.draftOf(key);
      this.conversations.set(key, found);
      this.changed();
    }
    return found;
  }

  person(nick: string): Person {
    const key = fold(nick);
    let found = this.people.get(key);
    if (found === undefined) {
      found = { nick, user: "", host: "", account: "", realname: "", away: null, isHere: null };
      this.people.set(key, found);
    }
    return found;
  }

  isMe(nick: string): boolean {
    return fold(nick) === fold(this.nick);
  }

  show(conversation: Conversation): void {
    if (this.current === conversation) return;
    this.current = conversation;
    conversation.line = conversation.unread > 0 && conversation.readAt > 0 ? conversation.readAt : 0;
    conversation.missed = conversation.line === 0 ? 0 : conversation.unread;
    if (this.state === "in" && (!conversation.isRoom || conversation.isJoined)) sync(this, conversation);
    this.markRead(conversation);
    this.look(conversation);
    this.changed();
  }

  /** Learn who of those in a conversation is away, once: later changes are told. */
  look(conversation: Conversation): void {
    if (this.state !== "in" || this.looked.has(conversation.key)) return;
    const { isRoom, isJoined, members, name } = conversation;
    if (isRoom && (!isJoined || members.size === 0 || members.size > MOST_LOOKED)) return;
    this.looked.add(conversation.key);
    if (isRoom) this.question(() => conversation.changed(), "WHO", [name, "%tuhnfar,7"]);
    else this.raw("MONITOR", "+", name);
  }

  /** Go to a room or a person, and into the room where need be. */
  go(name: string): void {
    const conversation = this.conversation(name);
    if (conversation.isRoom && !conversation.isJoined) this.join(name);
    this.invitations.delete(conversation.key);
    this.show(conversation);
  }

  join(name: string, key = ""): void {
    const params = key === "" ? [name] : [name, key];
    this.ask(
      (lines) => {
        const refusal = lines.find(isRefusal);
        if (refusal === undefined) return;
        this.say(worded(refusal));
        const conversation = this.conversations.get(fold(name));
        if (conversation !== undefined && !conversation.isJoined) this.drop(conversation);
      },
      "JOIN",
      params,
    );
  }

  /** Close a conversation; a room is left. */
  close(conversation: Conversation): void {
    if (conversation.isRoom && conversation.isJoined) this.raw("PART", conversation.name);
    this.drop(conversation);
  }

  drop(conversation: Conversation): void {
    this.conversations.delete(conversation.key);
    if (this.current === conversation) {
      this.current = null;
      const next = [...this.conversations.values()].find((one) => one.isRoom);
      if (next !== undefined) this.show(next);
    }
    this.changed();
  }

  /** The reader has seen everything that is here. */
  markRead(conversation: Conversation): void {
    const newest = conversation.newest;
    if (newest === undefined || !this.isFocused || conversation.sync !== "live") return;
    const isNews = newest.time > conversation.readAt;
    if (conversation.unread > 0 || conversation.mentions > 0) {
      conversation.unread = conversation.mentions = 0;
      this.changed();
    }
    if (!isNews) return;
    conversation.readAt = newest.time;
    if (this.caps.has("draft/read-marker") && !newest.isMine) {
      // A guest who has gone has no marker any more: nothing that the reader need hear of.
      const timestamp = `timestamp=${new Date(newest.time).toISOString()}`;
      this.ask(() => undefined, "MARKREAD", [conversation.name, timestamp]);
    }
  }

  focused(isFocused: boolean): void {
    this.isFocused = isFocused;
    if (isFocused && this.current !== null) this.markRead(this.current);
  }

  // ---- what one does

  /** Somebody types; "typing" every few seconds while he does. */
  typing(conversation: Conversation, isTyping: boolean): void {
    if (!this.caps.has("message-tags") || this.state !== "in") return;
    const last = this.typedAt.get(conversation.key) ?? 0;
    if (isTyping ? Date.now() - last < TYPING_EVERY : last === 0) return;
    this.typedAt.set(conversation.key, isTyping ? Date.now() : 0);
    this.tagged({ "+typing": isTyping ? "active" : "done" }, "TAGMSG", conversation.name);
  }

  /** A message has gone, which says that one types no more. */
  typed(conversation: Conversation): void {
    this.typedAt.delete(conversation.key);
  }

  /** React to a message, or take that back. */
  react(conversation: Conversation, msgid: string, reaction: string, isTaken = false): void {
    this.tagged({ [isTaken ? "+draft/unreact" : "+draft/react"]: reaction, "+draft/reply": msgid }, "TAGMSG", conversation.name);
  }

  redact(conversation: Conversation, msgid: string): void {
    this.ask((lines) => this.tellRefusals(lines), "REDACT", [conversation.name, msgid]);
  }

  forgetInvitation(room: string): void {
    this.invitations.delete(fold(room));
    this.changed();
  }

  isBlocked(nick: string): boolean {
    return this.blocked.has(fold(nick));
  }

  /** Hear somebody no more, or again: the server keeps the list while one is here, and for an account as long as there is one. */
  block(nick: string, isBlocked: boolean): void {
    this.ask((lines) => this.tellRefusals(lines), "SILENCE", [`${isBlocked ? "+" : "-"}${nick}`]);
  }

  listRooms(answer: (rooms: RoomInfo[]) => void): void {
    this.ask(
      (lines) => {
        const rooms = lines.filter((line) => line.command === "322");
        answer(
          rooms.map(({ params }) => ({
            name: params[1] ?? "", count: Number(params[2] ?? 0), topic: params[3] ?? "",
          })),
        );
      },
      "LIST",
      [],
    );
  }

  /** A line as typed after "/", for whoever knows IRC; what it answers is shown where it was typed. */
  typedLine(conversation: Conversation, line: string): void {
    const message = parse(line);
    if (message === null) return;
    const label = this.label((lines) => {
      const answers = lines.filter((line) => /^(\d\d\d|FAIL|WARN|NOTE)$/.test(line.command));
      if (answers.length === 0) return;
      conversation.append(entryOf({ kind: "event", text: answers.map(answered).join("\n"), time: Date.now() }));
      conversation.changed();
    });
    this.link?.send(`@label=${label} ${line.replace(/[\r\n\0]/g, " ")}`);
  }

  tellRefusals(lines: Message[]): void {
    const refusal = lines.find(isRefusal);
    if (refusal !== undefined) this.say(worded(refusal));
  }

  /** A refusal, on top of the page until it is read. */
  say(notice: string): void {
    this.notice = notice;
    this.changed();
  }

  /** Good news, for a moment. */
  tell(news: string): void {
    this.news = news;
    clearTimeout(this.newsEnd);
    this.newsEnd = setTimeout(() => this.tell(""), 4000);
    if (news === "") clearTimeout(this.newsEnd);
    this.changed();
  }

  /** Rooms first, then people, each by name. */
  sorted(): Conversation[] {
    const order = (one: Conversation): string => (isRoom(one.name) ? "0" : "1") + one.key;
    return [...this.conversations.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  /** A message that was acknowledged without an echo. */
  kept(conversation: Conversation, outgoing: Outgoing): void {
    discard(conversation, outgoing);
    const { text, kind, reply, token, time } = outgoing;
    conversation.append(entryOf({ text, kind, reply, token, time, from: this.nick, isMine: true }));
    conversation.changed();
  }
}

/** One line of an answer to what was typed, for people. */
function answered(line: Message): string {
  if (isRefusal(line)) return worded(line);
  if (line.command === "381") return t("you-operate");
  // Of a line of help (704 to 706) the subject stands before the text.
  return line.params.slice(/^70[456]$/.test(line.command) ? 2 : 1).join(" ");
}
