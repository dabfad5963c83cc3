// What is open on the page beside the conversation: a pane at its side, a window over it; and the ways from one to another.

import type { Chat } from "../chat/chat.ts";
import { around } from "../chat/history.ts";
import { Watched, type Conversation, type Entry } from "../chat/model.ts";
import { t } from "../phrases.ts";

export type Pane = "" | "menu" | "side"; // over the conversation, where the page is narrow
export type Side = { kind: "people" } | { kind: "search" } | { kind: "thread"; root: string };
export type Opened =
  | { kind: "" | "rooms" | "settings" | "switcher" | "keys" | "operator" }
  | { kind: "room"; conversation: Conversation }
  | { kind: "wordings"; conversation: Conversation; entry: Entry }
  | { kind: "person"; nick: string; conversation: Conversation | null };

/** A place in a conversation that is to be shown, and how often one has asked for one. */
export interface Place {
  conversation: Conversation;
  msgid: string;
  turn: number;
}

export class Desk extends Watched {
  readonly chat: Chat;
  pane: Pane = "";
  side: Side = { kind: "people" };
  opened: Opened = { kind: "" };
  place: Place | null = null;
  private turns = 0;

  constructor(chat: Chat) {
    super();
    this.chat = chat;
  }

  show(conversation: Conversation): void {
    this.pane = "";
    this.opened = { kind: "" };
    if (this.side.kind === "thread" && this.chat.current !== conversation) this.side = { kind: "people" };
    this.changed();
    this.chat.show(conversation);
  }

  /** Go to a room or a person by name. */
  go(name: string): void {
    this.chat.go(name);
    const conversation = this.chat.conversation(name);
    this.show(conversation);
  }

  /** Show a message where it was said. */
  jump(name: string, msgid: string): void {
    const conversation = this.chat.conversation(name);
    if (conversation.isRoom && !conversation.isJoined) this.chat.join(name);
    const { side } = this;
    around(this.chat, conversation, msgid, (isHere) => {
      if (isHere) this.place = { conversation, msgid, turn: ++this.turns };
      else this.chat.say(t("no-message"));
      this.changed();
    });
    this.show(conversation);
    if (side.kind === "search") this.side = side;
    this.changed();
  }

  open(opened: Opened): void {
    this.opened = opened;
    this.changed();
  }

  close(): void {
    this.open({ kind: "" });
  }

  /** Open a pane at the side; over the conversation, where there is no room beside it. */
  turn(side: Side): void {
    this.side = side;
    this.opened = { kind: "" };
    this.pane = "side";
    this.changed();
  }

  setPane(pane: Pane): void {
    this.pane = pane;
    this.changed();
  }

  /** Close the pane at the side: people are there again. */
  closeSide(): void {
    this.side = { kind: "people" };
    this.pane = "";
    this.changed();
  }
}
