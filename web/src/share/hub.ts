// One session for all tabs of a browser in which somebody is a guest: he has no password by which a second tab could be
// him, so the tabs share the connection. The hub stands between them and it, like a bouncer, in a worker of its own.
//
// The rule: each tab is served as if it were alone. The first one's words go to the server as they are; for one that comes
// later the hub plays the arrival as it was, and asks the server what is now. Answers go to the tab that asked, facts to all.
//
// Sources: labeled-response; batch. No socket and no worker in here: ports.ts has those.

import type { Ends, Link } from "../chat/link.ts";
import { escape, format, nickOf, parse, type Message, type Tags } from "../wire/message.ts";
import { fold } from "../wire/names.ts";

// Lines that tell of something, and are every tab's business, whichever of them it was that asked for it.
const FACTS = new Set([
  ..."PRIVMSG NOTICE TAGMSG REDACT JOIN PART KICK QUIT NICK MODE TOPIC RENAME AWAY SETNAME ACCOUNT CHGHOST INVITE GUEST".split(" "),
  ..."MARKREAD SILENCE 331 332 333 353 366 730 731 900 901".split(" "),
]);
const SPOKEN = new Set(["PRIVMSG", "NOTICE", "TAGMSG"]);
const NAMES = "names"; // what the hub asks in the name of a tab

/** A tab, as it looks from the hub. */
interface Seat {
  id: string;
  ends: Ends;
  isIn: boolean; // has been served the arrival, or made it
}

/** A batch that is open: whose answer it is, "" for nobody's; and whether the others read it, too. */
interface Open {
  owner: string;
  isForAll: boolean;
  type: string;
}

export class Hub {
  private connect: (ends: Ends) => Link;
  private forget: (hub: Hub) => void;
  private link: Link | null = null;
  private seats = new Map<string, Seat>();
  private count = 0;
  private arrival: Message[] = []; // CAP, and from 001 to the end of the message of the day
  private isOver = false; // the arrival is
  private guest: Message | null = null; // by what any tab may come back when the connection was lost
  private rooms = new Map<string, Message>(); // folded name -> the line by which we came in
  private batches = new Map<string, Open>();
  nick: string;

  /** `forget` is called when the session is over. */
  constructor(nick: string, connect: (ends: Ends) => Link, forget: (hub: Hub) => void) {
    this.nick = nick;
    this.connect = connect;
    this.forget = forget;
  }

  /** A tab sits down. It is told by `ends`, and speaks by what it gets, as if that were a connection. */
  sit(ends: Ends): Link {
    const seat: Seat = { id: `t${++this.count}`, ends, isIn: false };
    this.seats.set(seat.id, seat);
    if (this.link === null) {
      seat.isIn = true;
      this.link = this.connect({
        opened: () => ends.opened(),
        line: (text) => this.hear(text),
        closed: () => this.end(),
      });
    } else if (this.isOver) ends.opened();
    return { send: (text) => this.say(seat, text), close: () => this.stand(seat) };
  }

  private stand(seat: Seat): void {
    if (this.seats.delete(seat.id) && (this.seats.size === 0 || (seat.isIn && !this.isOver))) this.link?.close();
  }

  private end(): void {
    const seats = [...this.seats.values()];
    this.seats.clear();
    this.link = null;
    this.forget(this);
    for (const seat of seats) seat.ends.closed();
  }

  // ---- from a tab

  private say(seat: Seat, text: string): void {
    if (!this.seats.has(seat.id)) return;
    if (!seat.isIn) this.play(seat, text);
    else this.link?.send(text.replace(/^(@(?:[^ ]*;)?label=)/, `$1${seat.id}.`));
  }

  /** The arrival of a tab that comes later, played to it. */
  private play(seat: Seat, text: string): void {
    const asked = parse(text);
    if (asked?.command !== "CAP") return; // its name is the session's
    const [verb = "", words = ""] = asked.params;
    const offers = this.arrival.filter((line) => line.command === "CAP" && line.params[1] === "LS");
    if (verb === "LS") for (const line of offers) seat.ends.line(write(line));
    if (verb === "REQ") {
      const had = new Set(this.arrival.filter((line) => line.params[1] === "ACK").flatMap((line) => line.params.at(-1)!.trim().split(" ")));
      const granted = words.split(" ").filter((word) => had.has(word));
      seat.ends.line(format("CAP", ["*", "ACK", granted.join(" ")]));
    }
    if (verb !== "END") return;
    seat.isIn = true;
    for (const line of this.arrival.filter((one) => one.command !== "CAP")) {
      seat.ends.line(write({ ...line, params: [this.nick, ...line.params.slice(1)] }));
    }
    if (this.guest !== null) seat.ends.line(write(this.guest));
    for (const joined of this.rooms.values()) {
      // By the name that one has now.
      seat.ends.line(write({ ...joined, source: this.nick + joined.source.slice(nickOf(joined.source).length) }));
      const name = joined.params[0] ?? "";
      this.link?.send(format("NAMES", [name], { label: `${seat.id}.${NAMES}` }));
      this.link?.send(format("TOPIC", [name], { label: `${seat.id}.${NAMES}` }));
    }
  }

  // ---- from the server

  private hear(text: string): void {
    const line = parse(text);
    if (line === null) return;
    this.note(line);
    if (!this.isOver || line.command === "PING") {
      // One of them answers; before the end of the arrival there is but one.
      [...this.seats.values()].find((seat) => seat.isIn)?.ends.line(text);
      if (!this.isOver && isEnd(line)) this.open();
      return;
    }
    const outer = this.batches.get(line.tags["batch"] ?? "");
    const [reference = "", type = ""] = line.command === "BATCH" ? line.params : [];
    const [owner = "", label = ""] = cut(line.tags["label"] ?? "");
    const whose = owner || (this.batches.get(reference.slice(1))?.owner ?? outer?.owner ?? "");
    if (reference[0] === "+") {
      const isAtTop = outer === undefined || outer.type === "labeled-response";
      this.batches.set(reference.slice(1), { owner: whose, isForAll: whose === "" || (isAtTop && type === "draft/multiline"), type });
    }
    this.deliver(line, text, whose, label, outer);
    if (reference[0] === "-") this.batches.delete(reference.slice(1));
  }

  private deliver(line: Message, text: string, whose: string, label: string, outer: Open | undefined): void {
    if (whose === "") {
      for (const seat of this.seats.values()) if (seat.isIn) seat.ends.line(text);
      return;
    }
    const { label: _, ...tags } = line.tags;
    const isHubs = label === NAMES;
    this.seats.get(whose)?.ends.line(write({ ...line, tags: label === "" || isHubs ? tags : { label, ...tags } }));
    if (isHubs || !this.isForAll(line, outer)) return;
    // The others know nothing of the batch that holds the answers.
    const { batch, ...rest } = tags;
    const inner = outer?.type === "labeled-response" || batch === undefined ? rest : tags;
    for (const seat of this.seats.values()) if (seat.isIn && seat.id !== whose) seat.ends.line(write({ ...line, tags: inner }));
  }

  private isForAll(line: Message, outer: Open | undefined): boolean {
    if (line.command === "BATCH") return this.batches.get((line.params[0] ?? "").slice(1))?.isForAll ?? false;
    if (outer !== undefined && !outer.isForAll && outer.type !== "labeled-response") return false;
    // What a service answers is for who asked; what one has said oneself is for all.
    return FACTS.has(line.command) && (!SPOKEN.has(line.command) || fold(nickOf(line.source)) === fold(this.nick));
  }

  /** What a tab that comes later has to be told. */
  private note(line: Message): void {
    const { command, params, source } = line;
    const isOurs = fold(nickOf(source)) === fold(this.nick);
    if (command === "001") this.nick = params[0] ?? this.nick;
    if (!this.isOver && (command === "CAP" || /^\d{3}$/.test(command))) this.arrival.push(line);
    if (command === "GUEST") this.guest = { ...line, tags: {} };
    if (command === "900" || command === "901") {
      this.arrival = [...this.arrival.filter((one) => !one.command.startsWith("90")), line];
    }
    if (command === "NICK" && isOurs) this.nick = params[0] ?? this.nick;
    if (command === "JOIN" && isOurs) this.rooms.set(fold(params[0] ?? ""), { ...line, tags: {} });
    if ((command === "PART" && isOurs) || (command === "KICK" && fold(params[1] ?? "") === fold(this.nick))) {
      this.rooms.delete(fold(params[0] ?? ""));
    }
    const renamed = command === "RENAME" ? this.rooms.get(fold(params[0] ?? "")) : undefined;
    if (renamed !== undefined) {
      this.rooms.delete(fold(params[0] ?? ""));
      this.rooms.set(fold(params[1] ?? ""), { ...renamed, params: [params[1] ?? "", ...renamed.params.slice(1)] });
    }
  }

  /** The arrival is over: those who have waited for it come in. */
  private open(): void {
    this.isOver = true;
    for (const seat of [...this.seats.values()]) if (!seat.isIn) seat.ends.opened();
  }
}

/** 376 or 422: the message of the day has ended, or there is none. */
function isEnd({ command }: Message): boolean {
  return command === "376" || command === "422";
}

function cut(label: string): [string, string] {
  const at = label.indexOf(".");
  return at < 0 ? ["", ""] : [label.slice(0, at), label.slice(at + 1)];
}

/** A line as the server wrote it, with other tags perhaps. */
function write({ command, params, source, tags }: Message): string {
  const keys = Object.entries(tags as Tags).map(([key, value]) => (value === "" ? key : `${key}=${escape(value)}`));
  const words = params.map((param, at) => (at === params.length - 1 ? `:${param}` : param));
  return (keys.length > 0 ? `@${keys.join(";")} ` : "") + (source === "" ? "" : `:${source} `) + [command, ...words].join(" ");
}
