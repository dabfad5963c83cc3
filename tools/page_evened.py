"""What is other at each run of a page in a browser, made the same: for tools that take pictures of it.

The rule: only what a clock or chance has put there is replaced, and by something of the same kind; so a picture differs
from the one before only where the page does.
"""

from playwright.sync_api import Page

# (what is found in a text or a field, what stands there in the picture); the first that fits counts.
SAME = [
    (r"\b0:0\d:\d\d\b", "0:19:05"),  # how long the server has been up
    (r"\b\d\d:\d\d:\d\d\b", "19:05:00"),
    (r"\b\d\d:\d\d (?=[AP]M)[AP]M", "07:05 PM"),
    (r"\b\d:\d\d\s[AP]M", "7:05 PM"),
    (r"\b[012]\d:[0-5]\d\b", "19:05"),
    (r"\b\d{4}-\d\d-\d\d\b", "2026-05-17"),
    (r"\b[A-Z][a-z]{2} \d{1,2}, \d{4}\b", "May 17, 2026"),
    (r"\b\d{1,2} [а-я]{3,5}\.? \d{4} г\.", "17 мая 2026 г."),
    (r"\bidle for \d+s\b", "idle for 4s"),
    (r"\b\w{13}\.cloak\b", "jed4uj7kmu7ko.cloak"),
    (r"\bbrowser-\w+\b", "browser-qs45l9"),
    (r"127\.0\.0\.1:\d+(?=/)", "127.0.0.1:8080"),
    (r"(?<=/invitation/)[\w-]+", "E7sSCfGoGTgTB79rmtvDUQ"),
]
SCRIPT = """
same => {
    const whole = new RegExp(same.map(([found]) => `(${found})`).join("|"), "g");
    const first = groups => same[groups.findIndex(one => one !== undefined)][1];
    const evened = text => text.replace(whole, (found, ...groups) => first(groups));
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = evened(walker.currentNode.nodeValue);
        if (text !== walker.currentNode.nodeValue) walker.currentNode.nodeValue = text;
    }
    for (const field of document.querySelectorAll("input[readonly]")) field.value = evened(field.value);
    // It blinks.
    for (const field of document.querySelectorAll("input, textarea")) field.style.caretColor = "transparent";
}
"""


def even(page: Page) -> None:
    """Replace it in the page as it is shown now; the page may put it back whenever it draws that anew."""
    page.evaluate(SCRIPT, SAME)
