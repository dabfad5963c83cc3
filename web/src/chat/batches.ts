// Batches put together again. A line of an open batch waits until the batch is closed.
//
// Source: batch; multiline (draft); labeled-response.

import type { Message } from "../wire/message.ts";

export interface Batch {
  type: string;
  params: string[];
  opening: Message;
  items: (Message | Batch)[];
}

export class Batches {
  private open = new Map<string, Batch>();

  /** What a line makes ready: itself, a batch that it closes, or nothing yet. */
  take(message: Message): Message | Batch | null {
    const outer = this.open.get(message.tags["batch"] ?? "");
    if (message.command === "BATCH") {
      const [reference = "", type = "", ...params] = message.params;
      const id = reference.slice(1);
      if (reference[0] === "+") {
        this.open.set(id, { type, params, opening: message, items: [] });
        return null;
      }
      const batch = this.open.get(id);
      this.open.delete(id);
      if (batch === undefined) return null;
      const holder = this.open.get(batch.opening.tags["batch"] ?? "");
      if (holder === undefined) return batch;
      holder.items.push(batch);
      return null;
    }
    if (outer === undefined) return message;
    outer.items.push(message);
    return null;
  }

  forget(): void {
    this.open.clear();
  }
}

/** The messages of a batch in order, texts of several lines as one message. */
export function messagesOf(batch: Batch): Message[] {
  if (batch.type === "draft/multiline") return [joined(batch)];
  return batch.items.flatMap((item) => ("items" in item ? messagesOf(item) : [item]));
}

function joined(batch: Batch): Message {
  const lines = batch.items.filter((item): item is Message => !("items" in item));
  let text = "";
  lines.forEach((line, index) => {
    // A line with draft/multiline-concat goes on where the one before it ended.
    if (index > 0 && !("draft/multiline-concat" in line.tags)) text += "\n";
    text += line.params.at(-1) ?? "";
  });
  const { opening } = batch;
  return {
    command: lines[0]?.command ?? "PRIVMSG",
    params: [batch.params[0] ?? "", text],
    source: opening.source || (lines[0]?.source ?? ""),
    tags: opening.tags,
  };
}

export function isBatch(item: Message | Batch): item is Batch {
  return "items" in item;
}

