import assert from "node:assert/strict";
import { test } from "node:test";
import { PHRASES, setLanguage, t } from "../src/phrases.ts";

for (const [name, [english, russian]] of Object.entries(PHRASES)) {
  test(`both languages have what ${name} needs`, () => {
    const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    assert.deepEqual(names(english), names(russian));
    assert.match(russian, /[а-я]/i);
    assert.equal(english.split("|").length > 1, russian.split("|").length > 1);
    if (english.includes("|")) assert.deepEqual([english.split("|").length, russian.split("|").length], [2, 3]);
  });
}

test("a number chooses the form", () => {
  setLanguage("ru");
  assert.deepEqual([1, 2, 5, 11, 21].map((n) => t("n-people", { n })), ["1 человек", "2 человека", "5 человек", "11 человек", "21 человек"]);
  setLanguage("en");
  assert.deepEqual([1, 2].map((n) => t("n-people", { n })), ["1 person", "2 people"]);
});
