// What a model says is text. Nothing in it runs, loads, submits or navigates.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World } from "./world.js";

let w;
before(async () => {
  w = await World.begin();
});
after(() => w.close());

const attempts = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><script>alert(2)</script></svg>",
  "<style>body{background:url(http://evil.example/style)}</style>",
  "<iframe src='javascript:alert(1)'></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<form action=http://evil.example/form><input name=a autofocus onfocus=alert(1)></form>",
  "<meta http-equiv=refresh content='0;url=http://evil.example/meta'>",
  "<base href=http://evil.example/>",
  "<a href='javascript:alert(1)'>raw link</a>",
  "[js](javascript:alert(1)) [js2](  JaVaScRiPt:alert(1)) [js3](java\nscript:alert(1)) [js4](&#106;avascript:alert(1)) [js5](\u0001javascript:alert(1))",
  "[vb](vbscript:msgbox(1)) [data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [file](file:///etc/passwd) [blob](blob:x) [rel](/api/delete) [hash](#/settings)",
  "![pic](http://evil.example/pic.png) ![pic2](//evil.example/p2.png) ![svg](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+PC9zdmc+) ![js](javascript:alert(1)) ![x](x\"onerror=\"alert(1))",
  "<javascript:alert(1)> <http://evil.example/auto>",
  "```html\n<script>alert(1)</script>\n```",
  "```\"><script>alert(1)</script>\ncode\n```",
  "| a | <img src=x onerror=alert(1)> |\n|---|---|\n| <b onmouseover=alert(1)>x</b> | [l](javascript:alert(1)) |",
  "[ref]: javascript:alert(1)\n\n[ref]",
  "<details open ontoggle=alert(1)>x</details> <math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
  "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
];

test("no attempt in an answer, a message, a thought, a title or a name does anything", async () => {
  const all = attempts.join("\n\n");
  const id = await w.session({
    title: "<img src=x onerror=alert(1)>",
    messages: attempts.flatMap((a) => [
      { role: "user", content: a },
      { role: "assistant", content: a, thinking: a },
    ]),
  });
  await w.script({ echo: true });
  const page = await w.page({ path: `#/chat/${id}` });
  await page.evaluate(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.locator("article.assistant").first().waitFor();
  // Also one that streams.
  await page.getByLabel("Message", { exact: true }).fill(all);
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await page.locator(`article.assistant[data-seq="${attempts.length * 2 + 2}"][data-state=done]`).waitFor();
  for (const d of await page.locator("details.thinking > summary").all()) await d.click();
  const list = page.locator(".list");
  await list.evaluate((l) => (l.scrollTop = 0));
  await page.locator('article[data-seq="2"] .prose').last().waitFor();

  assert.equal(await page.locator("main :is(script, iframe, object, embed, style, form, base, meta, math, details:not(.thinking))").count(), 0);
  const attributes = await page.evaluate(() => [...document.querySelectorAll("*")].flatMap((e) => e.getAttributeNames().filter((n) => n.startsWith("on"))));
  assert.deepEqual(attributes, []);
  const links = await page.locator("article a").evaluateAll((all) => all.map((a) => [a.protocol, a.rel, a.target]));
  assert.ok(links.length > 0, "no link is shown at all");
  for (const [protocol, rel, target] of links) {
    assert.ok(["http:", "https:", "mailto:"].includes(protocol), protocol);
    assert.equal(rel, "noopener noreferrer");
    assert.equal(target, "_blank");
  }
  assert.equal(await page.locator("article img").count(), 0);
  // All of it is there to read.
  assert.match(await page.locator('article[data-seq="2"]').innerText(), /<script>alert\(1\)<\/script>/);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.equal(page.url(), `${w.url}/console/#/chat/${id}`);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("the page's own policy stops what a mistake in it would let through", async () => {
  const page = await w.page();
  const outcome = await page.evaluate(async () => {
    const seen = [];
    addEventListener("securitypolicyviolation", (e) => seen.push(e.effectiveDirective));
    try {
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran=1'>");
    } catch (e) {
      seen.push(e.name);
    }
    const s = document.createElement("style");
    s.textContent = "body{color:red}";
    document.head.append(s);
    await fetch("http://127.0.0.1:1/").catch(() => {});
    await new Promise((r) => setTimeout(r, 50));
    return { seen, ran: window.ran };
  });
  assert.equal(outcome.ran, undefined);
  assert.ok(outcome.seen.includes("TypeError"), "HTML from a text was taken");
  assert.ok(outcome.seen.some((d) => d.startsWith("style-src")), String(outcome.seen));
  assert.ok(outcome.seen.includes("connect-src"), String(outcome.seen));
  await page.context().close();
});
