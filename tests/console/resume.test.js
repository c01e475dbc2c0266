import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World, until } from "./world.js";

let w;
before(async () => {
  w = await World.begin({ config: "" });
});
after(() => w.close());

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}
const text_of = (m) => m.content.replace(/\s+/g, " ").trim();
const shown = async (page) => (await page.locator("article.assistant .prose").last().innerText()).replace(/\s+/g, " ").trim();

test("a reload in the middle of an answer misses nothing and doubles nothing", async () => {
  await w.script({ gap_ms: 15, records: 200, stamps: false });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await say(page, "Tell me");
  await page.locator("article.assistant .prose").waitFor();
  await page.reload();
  await page.locator("article.assistant[data-state=streaming] .prose").waitFor();
  await page.locator("article.assistant[data-state=done]").waitFor();
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(await shown(page), text_of(told.messages[1]));
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a connection that is lost is taken up again where it was", async () => {
  await w.script({ gap_ms: 15, records: 300 });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  page.may_fail = true;
  await say(page, "Tell me");
  await page.locator("article.assistant .prose").waitFor();
  await page.context().setOffline(true);
  await page.getByText("This device is offline.").waitFor();
  assert.equal(await page.getByLabel("Send").or(page.getByLabel("Stop")).count(), 1);
  await page.context().setOffline(false);
  await page.locator("article.assistant[data-state=done]").waitFor();
  assert.equal(await page.getByText("This device is offline.").count(), 0);
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(await shown(page), text_of(told.messages[1]));
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a page that slept trusts its old connection no more, and goes on with the answer", async () => {
  await w.script({ gap_ms: 15, records: 400 });
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await page.clock.install();
  await page.reload();
  await page.getByText("Connected", { exact: true }).waitFor({ state: "attached" });
  let connections = 0;
  page.on("websocket", () => ++connections);
  await say(page, "Tell me");
  await page.locator("article.assistant .prose").waitFor();
  await page.clock.fastForward("05:00"); // as when a lid was closed
  await until("another connection", () => connections === 1);
  await page.locator("article.assistant[data-state=done]").waitFor();
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(await shown(page), text_of(told.messages[1]));
  assert.equal(connections, 1);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("a node that is killed and comes back finds its page again", async () => {
  await w.script({ gap_ms: 20, records: 5000 });
  const id = await w.session({ title: "Survivor" });
  const page = await w.page({ path: `#/chat/${id}` });
  page.may_fail = true;
  await say(page, "Before the crash");
  await page.locator("article.assistant .prose").waitFor();
  // The store has some of it: text is saved every second.
  await until("something kept", async () => (await w.ask(`/conductor/v1/sessions/${id}`)).messages[1]?.content.length > 400);
  await w.node.end("SIGKILL");
  await page.getByText("The node does not answer.").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("After the crash");
  assert.equal(await page.getByLabel("Send").isDisabled(), true);
  await w.script({ echo: true });
  await w.start_node();
  await page.getByText("Interrupted: the node stopped here").waitFor();
  await page.getByText("Connected", { exact: true }).waitFor({ state: "attached" });
  assert.equal(await page.getByText("The node does not answer.").count(), 0);
  const told = await w.ask(`/conductor/v1/sessions/${id}`);
  assert.equal(await shown(page), text_of(told.messages[1]));
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await page.locator("article.assistant[data-state=done]").waitFor();
  assert.deepEqual((await page.locator("article.user .said").allInnerTexts()), ["Before the crash", "After the crash"]);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});

test("what was typed and not sent outlives a reload", async () => {
  const id = await w.session();
  const page = await w.page({ path: `#/chat/${id}` });
  await page.getByLabel("Message", { exact: true }).fill("half a thought");
  await page.reload();
  await page.getByText("Connected", { exact: true }).waitFor({ state: "attached" });
  assert.equal(await page.getByLabel("Message", { exact: true }).inputValue(), "half a thought");
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});
