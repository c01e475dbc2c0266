import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import { World, until } from "./world.js";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pages = ["chat", "live", "requests", "models", "backends", "settings"];

let w;
before(async () => {
  w = await World.begin({ nvml: true, ollama_flags: ["--parallel", "2"], config: "" });
});
after(() => w.close());
afterEach(async () => {
  for (const g of (await w.ask("/conductor/v1/generations")).generations)
    await w.ask(`/conductor/v1/generations/${g.id}/cancel`, {});
  await until("nothing in flight", async () => (await w.ask("/conductor/v1/generations")).generations.length === 0);
});

const ask_ollama = (n) =>
  Array.from({ length: n }, () =>
    fetch(`${w.url}/api/chat`, { method: "POST", body: JSON.stringify({ model: "canned", messages: [{ role: "user", content: "hi" }] }) })
      .then((r) => r.text())
      .catch(() => ""),
  );
const go = (page, to) => page.evaluate((h) => void (location.hash = h), `#/${to}`);

async function violations(page) {
  await page.evaluate(axe); // by the debugger, as the page's policy has no place for it
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
}

for (const dark of [false, true])
  test(`no page has a fault that axe finds, ${dark ? "dark" : "light"}`, async () => {
    const id = await w.session({
      title: "Accessible",
      messages: [
        { role: "user", content: "Show all" },
        { role: "assistant", thinking: "Hm", content: "# A\n\n## B\n\ntext `code` [l](https://example.com)\n\n```python\n# note\ndef f(x: int): return 'a' + 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n\n> quote" },
      ],
    });
    await w.script({ gap_ms: 20, records: 100000 });
    const page = await w.page({ dark, path: `#/chat/${id}` });
    await page.locator("article.assistant").waitFor();
    const faults = { conversation: await violations(page) };
    ask_ollama(3);
    await until("answers in flight", async () => (await w.ask("/conductor/v1/generations")).generations.length === 3);
    for (const name of pages) {
      await go(page, name);
      await page.locator(`.pages a[aria-current][href="#/${name}"]`).waitFor();
      await page.locator("main h1").waitFor();
      if (name === "live") await page.locator(".plot canvas").first().waitFor();
      faults[name] = await violations(page);
    }
    await go(page, "chat/" + id);
    await page.getByLabel("Settings of this chat").click();
    await page.getByLabel("Temperature").waitFor();
    faults.dialog = await violations(page);
    assert.deepEqual(Object.entries(faults).filter(([, found]) => found.length > 0), []);
    assert.deepEqual(page.trouble, []);
    await page.context().close();
  });

test("an answer in flight is seen live, cancelled, and then explained", async () => {
  await w.script({ gap_ms: 20, records: 100000 });
  const page = await w.page({ path: "#/live" });
  const [answer] = ask_ollama(1);
  const row = page.locator("table[class=data] tr", { hasText: "running" });
  await until("one row", async () => (await row.count()) === 1);
  await until("tokens are counted", async () => Number(await page.locator(".tile", { hasText: "Tokens/s" }).locator("b").innerText()) > 0);
  await page.getByText("NVIDIA", { exact: false }).or(page.locator(".card")).first().waitFor();
  await row.getByRole("button", { name: /^Cancel/ }).click();
  await page.getByText("No answer is in flight.").waitFor();
  await answer;
  await go(page, "requests");
  await page.locator("tr", { hasText: "cancelled" }).first().getByRole("link").click();
  await page.getByText("waited for a place").last().waitFor();
  await page.getByText("Why at ollama").waitFor();
  await page.keyboard.press("Escape");
  await until("closed", async () => (await page.locator("dialog").count()) === 0);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("models are pulled, loaded, pinned and unloaded, and backends drained", async () => {
  const page = await w.page({ path: "#/models" });
  await page.getByLabel("Model to pull").fill("brand-new:1b");
  await page.getByRole("button", { name: "Pull", exact: true }).click();
  const row = page.locator("tr", { hasText: "brand-new:1b" });
  await row.waitFor();
  await row.getByRole("button", { name: "Load" }).click();
  await row.getByText("in memory", { exact: true }).waitFor();
  await row.getByLabel("Actions for brand-new:1b").click();
  await page.getByRole("menuitem", { name: "Pin in memory" }).click();
  await row.getByText("pinned").waitFor();
  await row.getByRole("button", { name: "Unload" }).click();
  await row.getByText("on disk").waitFor();
  await go(page, "backends");
  await page.getByRole("button", { name: "Drain" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
  await page.getByText("draining", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Undrain" }).click();
  await page.getByText("up", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByLabel("Name").fill("second");
  await page.getByLabel("Address").fill(`http://127.0.0.1:${w.ollama.port}`);
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  const second = page.getByLabel("Backend second");
  await second.getByText("up", { exact: true }).waitFor();
  await second.getByLabel("Actions for second").click();
  await page.getByRole("menuitem", { name: "Remove…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await until("one is left", async () => (await page.locator(".card.backend").count()) === 1);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("who waits is told the place in the queue", async () => {
  await w.script({ gap_ms: 20, records: 100000 });
  await w.ask("/conductor/v1/backends/ollama", { url: `http://127.0.0.1:${w.ollama.port}`, parallel: 1 }, "PUT");
  ask_ollama(2);
  await until("one waits", async () => (await w.ask("/conductor/v1/queue")).waiting.length === 1);
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await page.getByLabel("Message", { exact: true }).fill("After you");
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await page.getByText(/Number \d in the queue/).waitFor();
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("all of it is reached by keys alone", async () => {
  await w.script({ echo: true });
  const page = await w.page();
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
  await page.keyboard.press("Alt+N");
  await until("the field", async () => (await focused()) === "Message");
  await page.keyboard.type("by keys");
  await page.keyboard.press("Enter");
  await page.locator("article.assistant[data-state=done]").waitFor();
  // Every button and link on the way has a name and is seen when it has the focus.
  await page.evaluate(() => document.activeElement.blur());
  const met = new Set();
  for (let i = 0; i < 60; ++i) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const r = e.getBoundingClientRect();
      return { body: e === document.body, name: e.getAttribute("aria-label") ?? e.textContent.trim(), seen: r.width > 0 && r.height > 0 && getComputedStyle(e.closest(".acts .square, .menu") ?? e).opacity !== "0" };
    });
    if (at.body) continue; // the browser's own parts are next
    assert.notEqual(at.name, "");
    met.add(at.name);
  }
  for (const name of ["Skip to the content", "Live", "New chat", "Search conversations", "Message", "Regenerate", "Actions for this chat"])
    assert.ok([...met].some((m) => m.includes(name)), `${name} is not met: ${[...met].join(", ")}`);
  await page.getByLabel("Actions for this chat").focus();
  await page.keyboard.press("Enter");
  await until("the menu", async () => (await focused()) === "Rename…");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "Fork");
  await page.keyboard.press("Escape");
  await until("back", async () => (await focused()) === "Actions for this chat");
  await page.keyboard.press("/");
  await until("the search", async () => (await focused()) === "Search conversations");
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a telephone's width holds every page", async () => {
  const page = await w.page({ phone: true });
  await w.script({ echo: true });
  for (const name of pages) {
    await go(page, name);
    await page.locator("main h1").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
  }
  await go(page, "chat");
  await page.getByLabel("Open navigation").click();
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByLabel("Model to pull").waitFor();
  await until("the navigation is gone", async () => !(await page.locator(".rail").isVisible()));
  await go(page, "chat");
  await page.getByLabel("Message", { exact: true }).fill("from a telephone");
  await page.getByLabel("Send").tap();
  await page.locator("article.assistant[data-state=done]").waitFor();
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("the theme follows the system until one is chosen, and the key lives as long as the tab", async () => {
  const page = await w.page({ dark: true, path: "#/settings" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await until("light", async () => (await theme()) === "light");
  await page.getByLabel("Use the dark theme").click();
  assert.equal(await theme(), "dark");
  await page.reload();
  assert.equal(await theme(), "dark");
  await page.getByLabel("API key").fill("secret-key");
  await page.getByLabel("API key").press("Tab");
  const [asked] = await Promise.all([page.waitForRequest(/api\/tags/), go(page, "models")]);
  assert.equal(asked.headers().authorization, "Bearer secret-key");
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes("secret-key")), false);
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage).includes("secret-key")), true);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a node that is told so has no console, and all else", async () => {
  const without = await World.begin({ config: "[server]\nconsole = false\n" });
  assert.equal((await fetch(`${without.url}/console/`)).status, 404);
  assert.equal((await fetch(`${without.url}/conductor/v1/status`)).status, 200);
  await without.close();
});
