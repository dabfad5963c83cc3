// What the page knows: conversations, people, entries. Plain data and the changes that keep it right; no socket, no page.
//
// The rule: a conversation's entries are in the server's order, each message once. What is still on its way stands in
// `pending`, behind them, and moves when its echo comes.

import { fold, isRoom } from "../wire/names.ts";

/** Something that others look at: they are told after each change, and `rev` tells them whether they have seen it. */
export class Watched {
  rev = 0;
  private watchers = new Set<() => void>();

  changed(): void {
    this.rev++;
    for (const watcher of this.watchers) watcher();
  }

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

export type Kind = "say" | "action" | "notice" | "event";

export interface Entry {
  key: string;
  msgid: string;
  time: number; // milliseconds
  kind: Kind;
  from: string;
  text: string;
  reply: string; // the message that this one answers, "" for none
  isMine: boolean;
  reactions: Map<string, Reaction>;
  isRedacted: boolean;
  isEdited: boolean;
  token: string; // what its sender's page called it before it had an id
  rev: number; // counts its changes
}

/** Who has reacted in one way, as far as one knows; `earlier`: how many did before one came. */
export interface Reaction {
  earlier: number;
  who: Set<string>;
}

export type Progress = "waiting" | "sending" | "failed";

/** What one has said and the server has not acknowledged yet. */
export interface Outgoing {
  token: string;
  hasId: boolean; // the server says it once by its token
  text: string;
  kind: "say" | "action";
  reply: string;
  progress: Progress;
  reason: string;
  time: number;
}

export interface Person {
  nick: string;
  user: string;
  host: string;
  account: string;
  realname: string;
  away: string | null;
  isHere: boolean | null; // null: nobody has said
}

/**
 * none: nothing is loaded; stale: loaded, and something may be missing; loading; live: whatever is said is here;
 * apart: what is loaded is of the past, and something lies between it and now.
 */
export type Sync = "none" | "stale" | "loading" | "live" | "apart";

const RANKS = "~&@%+";

export class Conversation extends Watched {
  name: string;
  readonly key: string;
  readonly isRoom: boolean;
  entries: Entry[] = [];
  first = 0; // how many of `entries` were put in front of the oldest that was loaded first: keeps places
  pending: Outgoing[] = [];
  held: Entry[] = []; // said while the gap before it is being fetched
  sync: Sync = "none";
  isWhole = false; // its beginning is loaded
  isLoadingOlder = false;
  isLoadingNewer = false;
  topic = "";
  modes = ""; // as 324 tells them, "+nt"; "" where nobody has asked
  members = new Map<string, string>(); // folded nick -> rank marks
  isJoined = false;
  unread = 0;
  mentions = 0;
  readAt = 0; // milliseconds
  line = 0; // entries after this moment were new when one came; 0: no line
  missed = 0; // how many there were then, until one has seen where they begin
  typing = new Map<string, number>(); // nick -> when it ends
  draft = "";
  replyTo: Entry | null = null;
  editing: Entry | null = null;
  answers = new Map<string, number>(); // msgid -> how many of the messages here answer it
  private known = new Map<string, Entry>();

  constructor(name: string) {
    super();
    this.name = name;
    this.key = fold(name);
    this.isRoom = isRoom(name);
  }

  find(msgid: string): Entry | undefined {
    return this.known.get(msgid);
  }

  /** Append what is newer than everything here; false for what is here already. */
  append(entry: Entry): boolean {
    if (!this.remember(entry)) return false;
    this.entries.push(entry);
    return true;
  }

  /** Put a page in front, oldest first. */
  prepend(page: Entry[]): void {
    const fresh = page.filter((entry) => this.remember(entry));
    this.entries.unshift(...fresh); // in its place: a copy of a hundred thousand at each page is much to clear away
    this.first += fresh.length;
  }

  /** Forget what is loaded, since too much lies between it and now. */
  forget(): void {
    this.entries = [];
    this.known.clear();
    this.answers.clear();
    this.first = 0;
    this.isWhole = false;
  }

  /** An entry has changed: whoever shows it shows it anew. */
  touch(entry: Entry): void {
    entry.rev++;
    this.changed();
  }

  /** The first entry that was new when one came; null where what is loaded may begin after it. */
  firstNew(): Entry | null {
    const at = this.entries.findIndex((entry) => entry.time > this.line && !entry.isMine && entry.kind !== "event");
    return at > 0 || (at === 0 && this.isWhole) ? this.entries[at]! : null;
  }

  /** The last entry that the server has given an id. */
  get newest(): Entry | undefined {
    return this.entries.findLast((entry) => entry.msgid !== "");
  }

  get oldest(): Entry | undefined {
    return this.entries.find((entry) => entry.msgid !== "");
  }

  /** 0 for owners, up to 5 for people without a rank. */
  rankOf(nick: string): number {
    const marks = this.members.get(fold(nick)) ?? "";
    return marks === "" ? RANKS.length : RANKS.indexOf(marks[0]!);
  }

  private remember(entry: Entry): boolean {
    if (entry.msgid === "") return true;
    if (this.known.has(entry.msgid)) return false;
    this.known.set(entry.msgid, entry);
    if (entry.reply !== "") {
      this.answers.set(entry.reply, (this.answers.get(entry.reply) ?? 0) + 1);
      const answered = this.known.get(entry.reply);
      if (answered !== undefined) answered.rev++;
    }
    return true;
  }
}

let keys = 0;

/** An entry with everything that need not be said. */
export function entryOf(parts: Partial<Entry> & { text: string; time: number }): Entry {
  return {
    key: `e${++keys}`,
    msgid: "",
    kind: "say",
    from: "",
    reply: "",
    isMine: false,
    reactions: new Map(),
    isRedacted: false,
    isEdited: false,
    token: "",
    rev: 0,
    ...parts,
  };
}
