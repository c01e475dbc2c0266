import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { World, until } from "./world.js";

let w;
before(async () => {
  w = await World.begin();
});
after(() => w.close());

const answers = (page) => page.locator("article.assistant");
const done = (page, n) => page.locator("article.assistant[data-state=done]").nth(n - 1).waitFor();

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}

test("a new chat is answered, listed by its first line, and kept", async () => {
  await w.script({ echo: true });
  const page = await w.page();
  await say(page, "What is the colour of the sea?\nSecond line");
  await done(page, 1);
  assert.match(await answers(page).innerText(), /What is the colour of the sea\?/);
  await page.locator(".sessions li", { hasText: "What is the colour of the sea?" }).waitFor();
  assert.equal(await page.locator(".sessions li.here").count(), 1);
  await page.reload();
  await done(page, 1);
  assert.equal(await page.locator("article.user .said").innerText(), "What is the colour of the sea?\nSecond line");
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("an answer is shown while it comes, and stops when it is stopped", async () => {
  await w.script({ gap_ms: 40, records: 2000 });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await say(page, "Go on and on");
  const prose = answers(page).locator(".prose");
  await prose.waitFor();
  const before = (await prose.innerText()).length;
  await until("more text", async () => (await prose.innerText()).length > before);
  await page.getByLabel("Stop").click();
  await page.getByText("Stopped", { exact: true }).waitFor();
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(told.messages[1].state, "cancelled");
  assert.equal((await prose.innerText()).replace(/\s+/g, " ").trim(), told.messages[1].content.replace(/\s+/g, " ").trim());
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("an answer is made anew, and a message is said otherwise", async () => {
  await w.script({ echo: true });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await say(page, "first");
  await done(page, 1);
  await say(page, "second");
  await done(page, 2);
  await w.script({ text: "quite another answer " , records: 4 });
  await page.getByLabel("Regenerate").click();
  await answers(page).nth(1).getByText("quite another").waitFor();
  await done(page, 2);
  assert.equal(await answers(page).count(), 2);
  await w.script({ echo: true });
  await page.locator("article.user").first().hover();
  await page.locator("article.user").first().getByLabel("Edit").click();
  await page.getByLabel("Edit the message").fill("changed");
  await page.getByRole("button", { name: "Send again" }).click();
  await answers(page).getByText("changed").waitFor();
  await done(page, 1);
  assert.equal(await page.locator("article").count(), 2);
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.deepEqual(told.messages.map((m) => m.content), ["changed", "changed"]);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("two windows are in the same conversation", async () => {
  await w.script({ echo: true });
  const id = await w.session({ title: "Shared" });
  const one = await w.page({ path: `#/chat/${id}` });
  const two = await w.page({ path: `#/chat/${id}`, context: one.context() });
  await say(one, "from one");
  await done(two, 1);
  await say(two, "from two");
  await done(one, 2);
  for (const page of [one, two])
    assert.deepEqual(await page.locator("article.user .said").allInnerTexts(), ["from one", "from two"]);
  // What one renames, the other sees.
  await one.getByTitle("Rename", { exact: true }).click();
  await one.getByLabel("Rename the conversation").last().fill("Ours");
  await one.getByRole("button", { name: "Rename", exact: true }).last().click();
  await two.locator(".bar h1", { hasText: "Ours" }).waitFor();
  await two.locator(".sessions li", { hasText: "Ours" }).waitFor();
  assert.deepEqual([...one.trouble, ...two.trouble], []);
  await one.context().close();
});

test("a conversation is forked, exported and deleted", async () => {
  const id = await w.session({ title: "Source", messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }, { role: "user", content: "c" }, { role: "assistant", content: "d" }] });
  const page = await w.page({ path: `#/chat/${id}` });
  await answers(page).nth(1).waitFor();
  await answers(page).first().hover();
  await answers(page).first().getByLabel("Fork from here").click();
  await page.locator(".bar h1", { hasText: "Source (fork)" }).waitFor();
  await until("two messages", async () => (await page.locator("article").count()) === 2);
  await page.getByLabel("Actions for this chat").click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export as Markdown" }).click()]);
  assert.equal(file.suggestedFilename(), "Source fork.md");
  assert.match(fs.readFileSync(await file.path(), "utf8"), /^# Source \(fork\)/);
  await page.getByLabel("Actions for this chat").click();
  const [whole] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Export as JSON" }).click()]);
  const copy = JSON.parse(fs.readFileSync(await whole.path(), "utf8"));
  await page.getByLabel("Conversation to import").setInputFiles({ name: "copy.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ ...copy, title: "Imported one" })) });
  await page.locator(".bar h1", { hasText: "Imported one" }).waitFor();
  await until("its messages", async () => (await page.locator("article").count()) === 2);
  await page.getByLabel("Actions for this chat").click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("What shall we talk about?").waitFor();
  await until("the list", async () => (await page.locator(".sessions li", { hasText: "Imported one" }).count()) === 0);
  await until("what is left", async () => (await page.locator(".sessions li", { hasText: "Source" }).count()) === 2);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a conversation that another deletes says that it is gone", async () => {
  const id = await w.session({ title: "Doomed", messages: [{ role: "user", content: "a" }] });
  const page = await w.page({ path: `#/chat/${id}` });
  await page.locator("article").waitFor();
  await w.ask(`/conductor/v1/sessions/${id}`, undefined, "DELETE");
  await page.getByText("This conversation is not there").waitFor();
  await page.getByRole("link", { name: "Begin another" }).click();
  await page.getByText("What shall we talk about?").waitFor();
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("the list finds a title, and what others begin appears in it", async () => {
  const page = await w.page();
  await w.session({ title: "Begun elsewhere" });
  await page.locator(".sessions li", { hasText: "Begun elsewhere" }).waitFor();
  await page.getByLabel("Search conversations").fill("begun ELSE");
  await until("one found", async () => (await page.locator(".sessions li").count()) === 1);
  await page.getByLabel("Search conversations").fill("no such title at all");
  await page.getByText("No title has that.").waitFor();
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a picture is sent with a message, and shown", async () => {
  await w.script({ text: "a dot ", records: 2 });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");
  await page.getByLabel("Pictures", { exact: true }).setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: png });
  await page.getByAltText("dot.png").waitFor();
  await page.getByLabel("Pictures", { exact: true }).setInputFiles({ name: "no.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg/>") });
  await page.getByText("only PNG, JPEG").waitFor();
  await say(page, "What is this?");
  await done(page, 1);
  await page.getByAltText("Picture 1 of the message").waitFor();
  const told = await w.ask(`/conductor/v1/sessions/${id}/messages/1`);
  assert.deepEqual(told.images, [png.toString("base64")]);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("options and the system message of a chat reach the node", async () => {
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await page.getByLabel("Settings of this chat").click();
  await page.getByLabel("System message").fill("Be brief.");
  await page.getByLabel("Temperature").fill("0.2");
  await page.getByLabel("Context, tokens").fill("2048");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(told.system, "Be brief.");
  assert.deepEqual(told.options, { temperature: 0.2, num_ctx: 2048 });
  await page.getByLabel("Settings of this chat").click();
  await page.getByLabel("Temperature").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await until("less options", async () => JSON.stringify((await w.ask(`/conductor/v1/sessions/${id}`)).options) === '{"num_ctx":2048}');
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a page that is not secure, as on a local network, can do all that", async () => {
  await w.script({ text: "```js\nlet x = 1;\n```\n", records: 6 });
  const page = await w.page({ host: "plain.internal" });
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await say(page, "code, please");
  await done(page, 1);
  await page.getByLabel("Copy code").first().click();
  await page.getByText("Copied").first().waitFor();
  await page.getByLabel("Message", { exact: true }).press("Control+v");
  assert.match(await page.getByLabel("Message", { exact: true }).inputValue(), /^let x = 1;/);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("thoughts are folded, and code is coloured and copied", async () => {
  const code = "def f(x):\n    return x + 1";
  const id = await w.session({ messages: [{ role: "user", content: "code" }, { role: "assistant", thinking: "Let me think", content: "Here:\n\n```python\n" + code + "\n```\n\nDone." }] });
  const page = await w.page({ path: `#/chat/${id}` });
  await page.getByText("Thought before answering").waitFor();
  assert.equal(await page.getByText("Let me think").isVisible(), false);
  await page.getByText("Thought before answering").click();
  await page.getByText("Let me think").waitFor();
  await page.locator(".hljs-keyword", { hasText: "return" }).waitFor();
  await page.getByLabel("Copy code").click();
  await page.getByText("Copied").first().waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});
