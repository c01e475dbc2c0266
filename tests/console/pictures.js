// Makes the pictures of the README: node pictures.js FOLDER, with what run.py gives in the environment.
import fs from "node:fs";
import path from "node:path";
import { World, until } from "./world.js";

const to = process.argv[2];
const w = await World.begin({ nvml: true, ollama_flags: ["--load-ms", "400", "--prefill-us", "2000", "--parallel", "6"] });

async function take(page, name) {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  fs.writeFileSync(path.join(to, `${name}.webp`), Buffer.from(data, "base64"));
  console.log(name, Buffer.from(data, "base64").length);
}

const answer = `A Unix socket is a file, so a *path* takes the place of host and port:

\`\`\`python
import socket

def ask(path: str, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)         # no name to look up
        s.sendall(line + b"\\n")
        return s.makefile("rb").readline()
\`\`\`

| | TCP on loopback | Unix socket |
|---|---|---|
| it is named by | host and port | a path |
| who may connect | everybody here | the file's mode |
`;
await w.script({ text: answer, size: 6, gap_ms: 4, records: Math.ceil(answer.length / 6) });
for (const title of ["Letter to the landlord", "Trip to Lisbon in May", "Window functions in SQL", "Names for a boat"]) await w.session({ title });
const id = await w.session({ title: "Unix sockets in Python", model: "thinker" });
const chat = await w.page({ path: `#/chat/${id}` });
await chat.getByLabel("Message", { exact: true }).fill("How do I talk to a Unix socket in Python, and why would I?");
await chat.getByLabel("Message", { exact: true }).press("Enter");
await chat.locator("article.assistant[data-state=done]").waitFor();
await chat.getByTitle("Where the time went").waitFor();
await take(chat, "chat");
await chat.context().close();

await w.script({ gap_ms: 14, records: 100000 });
const live = await w.page({ path: "#/live", dark: true });
const models = ["canned", "thinker"];
for (let i = 0; i < 5; ++i) {
  w.say_gpus(
    [0, 1].map((g) => `${g}.name NVIDIA H100\n${g}.memory_total 85000000000\n${g}.busy ${Math.max(0, 18 * (i + 1) - 30 * g)}\n${g}.memory_used ${(9 + 6 * i - 8 * g) * 1e9}\n${g}.temperature ${41 + 3 * i}\n${g}.power ${200000 + 60000 * i}\n${g}.power_limit 700000\n`).join("") + "devices 2\n",
  );
  fetch(`${w.url}/api/chat`, { method: "POST", body: JSON.stringify({ model: models[i % 2], messages: [{ role: "user", content: "hi" }] }) }).then((r) => r.text()).catch(() => "");
  await live.waitForTimeout(i === 2 ? 9000 : 5000);
}
await until("five", async () => (await w.ask("/conductor/v1/generations")).generations.length === 5);
await live.waitForTimeout(12000);
await take(live, "live");
await w.close();
process.exit(0);
