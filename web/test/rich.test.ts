import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionPattern, mentions, pieces, bytes } from "../src/wire/names.ts";
import { plain, rich, type Piece } from "../src/wire/rich.ts";

/** A tree in short: *bold*, and what it holds in brackets. */
function short(found: Piece[]): string {
  return found
    .map((piece) => ("pieces" in piece ? `${piece.kind}(${short(piece.pieces)})` : piece.kind === "text" ? piece.text : `${piece.kind}[${piece.text}]`))
    .join("");
}

const cases: [string, string][] = [
  ["plain text", "plain text"],
  ["**bold** and _it_ and *it*", "bold(bold) and italic(it) and italic(it)"],
  ["~~gone~~", "strike(gone)"],
  ["**a _b_ c**", "bold(a italic(b) c)"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  ["snake_case_name", "snake_case_name"],
  ["**never closed", "**never closed"],
  ["`a **b**`", "code[a **b**]"],
  ["``a`b``", "code[a`b]"],
  ["see https://a.example/x_(y).", "see link[https://a.example/x_(y)]."],
  ["(https://a.example/)", "(link[https://a.example/])"],
  ["[here](https://a.example)", "link[here]"],
  ["[here](javascript:alert(1))", "[here](javascript:alert(1))"],
  ["javascript:alert(1) data:text/html,x", "javascript:alert(1) data:text/html,x"],
  ["come to #tea, or c#", "come to room[#tea], or c#"],
  ["<b>&amp;</b>", "<b>&amp;</b>"],
  ["> quoted\n> more\nafter", "quote(quoted\nmore)after"],
  [">no", ">no"],
  ["```js\nlet a = `1`;\n```", "block[let a = `1`;]"],
  ["```\nnever closed", "```\nnever closed"],
  ["a\nb", "a\nb"],
  ["\x02bold\x02 \x1dit\x0f", "span(bold) span(it)"],
  ["\x0304red\x03 not", "span(red) not"],
  ["\x03\x02x", "span(x)"],
  ["a\x00\x07\x1bb\u202ec", "ab\ufffdc"],
];
for (const [text, tree] of cases) {
  test(`a text becomes a tree: ${JSON.stringify(text)}`, () => assert.equal(short(rich(text)), tree));
}

test("colours out of range are left out", () => {
  assert.deepEqual(rich("\x0399,77x"), [{ kind: "text", text: "x" }]);
  assert.deepEqual(rich("\x034,12x"), [{ kind: "span", classes: ["fg4", "bg12"], pieces: [{ kind: "text", text: "x" }] }]);
});

test("the reader's name is found as a word", () => {
  assert.equal(short(rich("Ann: hi, **ann**, Anna", mentionPattern("ann"))), "mention[Ann]: hi, bold(mention[ann]), Anna");
  assert.ok(mentions("Аня", "аня, привет"));
  assert.ok(!mentions("Аня", "Таня"));
  assert.ok(mentions("a[b]", "hi a[B]!"));
});

test("no text takes long", () => {
  for (const piece of ["**a", "*", "_a _", "`", "[", "[a](", "~~", "#a", "\x02", "http://", "> ", "```\n", "**_~~`"]) {
    const started = performance.now();
    rich(piece.repeat(4096));
    assert.ok(performance.now() - started < 500, `${piece}: ${performance.now() - started} ms`);
  }
});

test("a text without formatting is one line", () => {
  assert.equal(plain("\x0304a\x03\nb\u202e"), "a b\ufffd");
});

test("pieces fit, and are the text again", () => {
  const text = "слово ".repeat(200) + "х".repeat(900) + "🫖".repeat(100);
  const found = pieces(text, 350);
  assert.equal(found.join(""), text);
  assert.ok(found.every((piece) => bytes(piece) <= 350 && piece !== ""));
});
