// The parser is held to the same vectors as the one in Python.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { escape, format, nickOf, parse, parseTags, unescape } from "../src/wire/message.ts";

const vectors = JSON.parse(readFileSync(new URL("../../tests/wire/vectors.json", import.meta.url), "utf8"));

for (const [line, parts] of vectors.lines) {
  test(`a line is taken apart: ${line.slice(0, 40)}`, () => {
    const message = parse(line)!;
    assert.deepEqual({ ...message, tags: { ...message.tags } }, parts);
  });
}

for (const line of vectors.nothing) {
  test(`a line without a command is null: ${JSON.stringify(line)}`, () => assert.equal(parse(line), null));
}

for (const [escaped, value] of vectors.escaped) {
  test(`a value is unescaped: ${escaped}`, () => {
    assert.equal(unescape(escaped), value);
    assert.deepEqual({ ...parseTags(`k=${escaped}`) }, { k: value });
    assert.equal(unescape(escape(value)), value);
  });
}

test("what was put together is taken apart again", () => {
  const tags = { "+a/b": "x; y\\ \n", c: "" };
  const message = parse(format("PRIVMSG", ["#a", " :b c"], tags))!;
  assert.deepEqual(message.params, ["#a", " :b c"]);
  assert.deepEqual({ ...message.tags }, tags);
});

test("what cannot be written is refused", () => {
  for (const params of [["", "x"], ["a b", "x"], [":a", "x"], ["a", "x\ny"], ["\0"]]) {
    assert.throws(() => format("PRIVMSG", params));
  }
});

test("no key of a tag is one of Object's", () => {
  assert.equal(parseTags("a")["constructor"], undefined);
  assert.equal(parseTags("__proto__=x")["__proto__"], "x");
});

test("a source has a nick", () => {
  assert.equal(nickOf("dan!d@h"), "dan");
  assert.equal(nickOf("irc.example"), "irc.example");
});
