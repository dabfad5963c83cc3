// From the open socket to 001: capabilities, name, login or a new account. One object per connection.
//
// Sources: capability-negotiation; SASL 3.1 (PLAIN); account-registration (draft).

import { phraseOfCode } from "../refusals.ts";
import { format, type Message } from "../wire/message.ts";

export interface Who {
  nick: string;
  password: string; // "" for a guest; kept in memory alone
  isNew: boolean; // an account is to be made
  email: string;
  invitation: string; // a code that lets one in, "" for none
}

export interface Failure {
  code: string; // a key of the phrases, or "" for what only the server's words say
  text: string;
}

const WANTED = [
  "message-tags", "server-time", "echo-message", "labeled-response", "batch", "standard-replies", "cap-notify",
  "draft/chathistory", "draft/read-marker", "veche/unread", "veche/once", "veche/guest", "draft/multiline", "draft/message-redaction",
  "away-notify", "account-notify", "account-tag", "extended-join", "setname", "chghost", "multi-prefix",
  "userhost-in-names", "invite-notify", "draft/channel-rename", "soju.im/search", "veche/reactions", "veche/threads", "draft/message-edit", "draft/event-playback", "extended-monitor", "draft/metadata-2", "sasl", "draft/account-registration",
];
const CODES: Record<string, string> = {
  "432": "bad-name", "433": "name-taken", "904": "bad-login", "905": "bad-login", "464": "server-password",
};

export class Registration {
  readonly caps = new Set<string>();
  private offered = new Map<string, string>();
  private who: Who;
  private send: (line: string) => void;
  private fail: (failure: Failure) => void;
  isLate = false; // the account is made when one is in
  private isNaming = false;
  private token: string;

  /** `token`: by what the server knows us again as the guest who we were (docs/ext/guest.md), "" for nothing. */
  constructor(who: Who, send: (line: string) => void, fail: (failure: Failure) => void, token = "") {
    this.token = token;
    this.who = who;
    this.send = send;
    this.fail = fail;
  }

  begin(): void {
    this.send("CAP LS 302");
  }

  /** The value of a capability: "max-bytes=4096,max-lines=100" -> its numbers by name. */
  limits(name: string): Map<string, number> {
    const pairs = (this.offered.get(name) ?? "").split(",").map((pair) => pair.split("="));
    return new Map(pairs.map(([key, value]) => [key ?? "", Number(value ?? 0)]));
  }

  /** Take one line; true when it was the registration's. */
  take(message: Message): boolean {
    const { command, params } = message;
    switch (command) {
      case "CAP":
        this.cap(params);
        return true;
      case "AUTHENTICATE":
        if (params[0] === "+") this.proof();
        return true;
      case "903":
        this.send("CAP END");
        return true;
      case "REGISTER":
        if (params[0] === "SUCCESS") this.send("CAP END");
        else this.fail({ code: "verify", text: params.at(-1) ?? "" });
        return true;
      case "421": // a server of another version does not know GUEST
        return params[1] === "GUEST";
      case "FAIL":
        if (params[0] === "GUEST") return true; // one comes in as another guest
        this.fail({ code: phraseOfCode(params[1] ?? ""), text: params.at(-1) ?? "" });
        return true;
      case "ERROR":
      case "432":
      case "433":
      case "464":
      case "904":
      case "905":
      case "902":
      case "465":
        this.fail({ code: CODES[command] ?? "", text: params.at(-1) ?? "" });
        return true;
      default:
        return false;
    }
  }

  private cap(params: string[]): void {
    const verb = params[1];
    const words = (params.at(-1) ?? "").split(" ").filter((word) => word !== "");
    if (verb === "LS") {
      for (const word of words) {
        const at = word.indexOf("=");
        this.offered.set(at < 0 ? word : word.slice(0, at), at < 0 ? "" : word.slice(at + 1));
      }
      if (params[2] !== "*") {
        const wanted = WANTED.filter((name) => this.offered.has(name));
        // A line has an end: two requests of a dozen names each.
        for (let at = 0; at < wanted.length; at += 12) {
          this.send(format("CAP", ["REQ", wanted.slice(at, at + 12).join(" ")]));
        }
        this.name();
      }
    } else if (verb === "ACK") {
      for (const word of words) this.caps.add(word);
    } else if (verb === "DEL") {
      for (const word of words) this.caps.delete(word);
    }
  }

  private name(): void {
    if (this.isNaming) return;
    this.isNaming = true;
    const { nick, password, isNew, email, invitation } = this.who;
    if (invitation !== "") this.send(format("PASS", [invitation]));
    if (this.token !== "" && password === "") this.send(format("GUEST", [this.token]));
    this.send(format("NICK", [nick]));
    this.send(format("USER", ["web", "0", "*", nick]));
    if (password === "") {
      this.send("CAP END");
    } else if (isNew && !(this.offered.get("draft/account-registration") ?? "").split(",").includes("before-connect")) {
      // Accounts are for whoever is invited, and one's invitation is taken when one is in.
      this.isLate = invitation !== "";
      if (this.isLate) this.send("CAP END");
      else this.fail({ code: "no-registration", text: "" });
    } else if (isNew) {
      this.send(format("REGISTER", ["*", email || "*", password]));
    } else if ((this.offered.get("sasl") ?? "").split(",").includes("PLAIN")) {
      this.send("AUTHENTICATE PLAIN");
    } else {
      this.fail({ code: "not-safe", text: "" });
    }
  }

  private proof(): void {
    const raw = new TextEncoder().encode(`\0${this.who.nick}\0${this.who.password}`);
    const proof = btoa(String.fromCharCode(...raw));
    // In chunks of 400 bytes; one that fills its last chunk is followed by an empty one.
    for (let at = 0; at <= proof.length; at += 400) this.send(`AUTHENTICATE ${proof.slice(at, at + 400) || "+"}`);
  }
}
