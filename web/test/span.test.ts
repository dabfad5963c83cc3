// How many entries stand on the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { entryOf, type Entry } from "../src/chat/model.ts";
import { endOf, startOf } from "../src/ui/span.ts";

/** "m": a message, "e": something that happened, "h": what is not shown. */
const made = (kinds: string): Entry[] =>
  [...kinds].map((kind) => entryOf({ text: kind, time: 0, kind: kind === "e" ? "event" : "say" }));
const isShown = (entry: Entry): boolean => entry.text !== "h";

test("messages are counted one by one, from either end", () => {
  const entries = made("mmmmm");
  assert.equal(startOf(entries, 5, 2, isShown), 3);
  assert.equal(startOf(entries, 5, 9, isShown), 0);
  assert.equal(endOf(entries, 1, 2, isShown), 3);
  assert.equal(endOf(entries, 1, 9, isShown), 5);
});

test("whatever happened in a row is one row, and what is not shown is none", () => {
  const entries = made("mmeeeeeehhheeemhhm");
  // The two messages at the end and all between them and the two at the beginning are three rows.
  assert.equal(startOf(entries, entries.length, 3, isShown), 2);
  assert.equal(startOf(entries, entries.length, 4, isShown), 1);
  assert.equal(endOf(entries, 0, 3, isShown), 14);
  assert.equal(endOf(entries, 2, 1, isShown), 14);
});

test("going up and coming back down ends where one began", () => {
  const entries = made("memmeehmmemmmeemmhmem".repeat(9));
  for (let to = 0; to <= entries.length; to++) {
    const from = startOf(entries, to, 7, isShown);
    assert.ok(endOf(entries, from, 7, isShown) >= to, String(to));
  }
});
