import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { World, until } from "./world.js";

let w;
before(async () => {
  w = await World.begin();
});
after(() => w.close());

test("a conversation of 5,000 messages opens, scrolls and takes what is typed without stalling", async () => {
  const paragraph = "Some **text** with `code`, a [link](https://example.com) and more words than one line has. ".repeat(4);
  const messages = [];
  for (let i = 0; i < 2500; ++i)
    messages.push({ role: "user", content: `Question ${i}` }, { role: "assistant", content: `Answer ${i}\n\n- ${paragraph}\n- ${paragraph}\n\n\`\`\`js\nlet x = ${i};\n\`\`\`` });
  const id = await w.session({ title: "Long", messages });
  const page = await w.page({ path: `#/chat/${id}` });
  await page.getByText("Answer 2499").waitFor();
  const shown = () => page.locator("article").count();
  assert.ok((await shown()) < 400, `${await shown()} messages are in the page`);
  await page.evaluate(() => {
    window.long_tasks = [];
    new PerformanceObserver((l) => window.long_tasks.push(...l.getEntries().map((e) => Math.round(e.duration)))).observe({ type: "longtask" });
  });
  const field = page.getByLabel("Message", { exact: true });
  await field.click();
  await page.keyboard.type("Typing in a long conversation must stay as quick as in a short one.", { delay: 8 });
  assert.equal(await field.inputValue(), "Typing in a long conversation must stay as quick as in a short one.");
  const typing = await page.evaluate(() => window.long_tasks.splice(0));
  // Wide, because the machine may be busy: a list that is not virtual costs seconds.
  assert.ok(typing.every((t) => t < 1000), `tasks while typing: ${typing} ms`);
  const list = page.locator(".list");
  for (const share of [0.8, 0.5, 0.2, 0]) {
    await list.evaluate((l, s) => (l.scrollTop = l.scrollHeight * s), share);
    await until("messages there", () =>
      list.evaluate((l) => {
        const r = l.getBoundingClientRect();
        return !!document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)?.closest("article");
      }),
    );
  }
  await page.getByText("Question 0", { exact: true }).waitFor();
  const scrolling = await page.evaluate(() => window.long_tasks.splice(0));
  assert.ok(scrolling.every((t) => t < 3000), `tasks while scrolling: ${scrolling} ms`);
  assert.ok((await shown()) < 400, `${await shown()} messages are in the page`);
  // What is said from up there is gone to, and answered.
  await w.script({ echo: true });
  await field.press("Enter");
  await page.locator('article.assistant[data-seq="5002"][data-state=done]').waitFor();
  await until("the end in view", () => list.evaluate((l) => l.scrollHeight - l.scrollTop - l.clientHeight < 80));
  console.log(`long tasks while typing: [${typing}] ms, while scrolling: [${scrolling}] ms`);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
});
