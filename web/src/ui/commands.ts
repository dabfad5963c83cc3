// What one may type after "/". What is not in this list goes to the server as it stands, as in any IRC client.

import type { Conversation } from "../chat/model.ts";
import { send } from "../chat/sending.ts";
import { isRoom } from "../wire/names.ts";
import type { Phrase } from "../phrases.ts";
import type { Desk } from "./desk.ts";

/** Each with what may stand behind it, and what it does. */
export const COMMANDS: Record<string, [string, Phrase]> = {
  me: ["…", "command-me"],
  join: ["#…", "command-join"],
  part: ["", "command-part"],
  msg: ["nick …", "command-msg"],
  query: ["nick", "command-query"],
  topic: ["…", "command-topic"],
  nick: ["nick", "command-nick"],
  away: ["…", "command-away"],
  whois: ["nick", "command-whois"],
  invite: ["nick", "command-invite"],
  kick: ["nick …", "command-kick"],
  search: ["", "command-search"],
  help: ["", "command-help"],
};

/** Do what a line says; false for a line that is no command. */
export function obey(desk: Desk, conversation: Conversation, line: string): boolean {
  const match = /^\/([a-z]+)(?: ([^]*))?$/i.exec(line);
  if (match === null) return false;
  const { chat } = desk;
  const name = match[1]!.toLowerCase();
  const rest = (match[2] ?? "").trim();
  const [first = "", ...others] = rest.split(" ");
  switch (name) {
    case "me":
      if (rest !== "") send(chat, conversation, rest.replace(/\n/g, " "), "action");
      return true;
    case "join":
      for (const name of first.split(",")) if (name !== "") desk.go(isRoom(name) ? name : `#${name}`);
      return true;
    case "part":
      chat.close(conversation);
      return true;
    case "msg":
    case "query": {
      if (first === "") return true;
      const other = chat.conversation(first);
      desk.go(first);
      if (others.length > 0) send(chat, other, others.join(" "));
      return true;
    }
    case "topic":
      chat.raw("TOPIC", conversation.name, ...(rest === "" ? [] : [rest]));
      return true;
    case "nick":
      if (first !== "") chat.raw("NICK", first);
      return true;
    case "away":
      chat.raw("AWAY", ...(rest === "" ? [] : [rest]));
      return true;
    case "search":
      desk.turn({ kind: "search" });
      return true;
    case "help":
      if (first === "") desk.open({ kind: "keys" });
      else chat.typedLine(conversation, `HELP ${first}`);
      return true;
    case "whois":
      if (first !== "") desk.open({ kind: "person", nick: first, conversation });
      return true;
    case "invite":
      chat.typedLine(conversation, `INVITE ${first} ${others[0] ?? conversation.name}`);
      return true;
    case "kick":
      chat.typedLine(conversation, `KICK ${conversation.name} ${first} :${others.join(" ")}`);
      return true;
    default:
      chat.typedLine(conversation, `${name.toUpperCase()} ${rest}`);
      return true;
  }
}
