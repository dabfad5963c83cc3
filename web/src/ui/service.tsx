// Asking the services of the server (NickServ, ChanServ) and showing what they say, in their words: they speak the
// language that the account has chosen, which is that of the page.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { isRefusal, worded } from "../refusals.ts";
import type { Message, Tags } from "../wire/message.ts";
import { plain } from "../wire/rich.ts";

const OWN = "veche/";

/** What a question was answered: notices of services, and refusals in the reader's words. */
export function linesOf(lines: Message[]): string[] {
  return lines
    .filter((line) => line.command === "NOTICE" || isRefusal(line))
    .map((line) => (line.command === "NOTICE" ? plain(line.params[1] ?? "") : worded(line)));
}

/** The answer to a question, asked anew whenever `turn` changes; null until it has come. */
export function useAnswer(chat: Chat, words: string[], turn: number): Message[] | null {
  const [lines, setLines] = useState<Message[] | null>(null);
  useEffect(() => {
    let isMine = true;
    const [command = "", ...params] = words;
    if (chat.state === "in") chat.question((found) => isMine && setLines(found), command, params);
    return () => { isMine = false; };
  }, [words.join(" "), turn, chat.state]);
  return lines;
}

/** What a line of a list says for programs: its tags of the server's own, by their names without "veche/". */
export type Row = Tags;

/** The rows of one kind among the lines of an answer (docs/ext/rows.md); none while it has not come. */
export function rowsOf(lines: Message[] | null, kind: string): Row[] {
  return (lines ?? [])
    .filter((line) => line.command === "NOTICE" && line.tags["veche/row"] === kind)
    .map((line) => {
      const row = Object.create(null) as Row;
      for (const [name, value] of Object.entries(line.tags)) {
        if (name.startsWith(OWN)) row[name.slice(OWN.length)] = value;
      }
      return row;
    });
}

/** What came of the last thing that one asked for in a window. */
export function Outcome({ lines }: { lines: string[] }): JSX.Element {
  return <div class="outcome" role="status">{lines.map((line, at) => <p key={at}><bdi>{line}</bdi></p>)}</div>;
}
