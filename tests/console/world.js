// A real node before a scripted Ollama, and a browser before the node.
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const patience = 30_000;

export function free_port() {
  return new Promise((done) => {
    const s = net.createServer();
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

export async function until(what, true_now) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await true_now();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s for ${what}`);
    await new Promise((r) => setTimeout(r, 20));
  }
}

const listens = (port) =>
  new Promise((done) => {
    const s = net.connect(port, "127.0.0.1");
    s.on("connect", () => (s.destroy(), done(true)));
    s.on("error", () => done(false));
  });

const programs = new Set();
process.on("exit", () => {
  for (const p of programs) p.kill("SIGKILL");
});

class Program {
  constructor(port, home) {
    this.port = port;
    this.home = home;
  }
  async start(command, args, more = {}) {
    const log = fs.openSync(path.join(this.home, "log"), "a");
    const here = {};
    for (const name of ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TMPDIR"]) here[name] = this.home;
    this.process = spawn(command, args, { stdio: ["ignore", log, log], env: { PATH: process.env.PATH, ...here, ...more } });
    fs.closeSync(log);
    const child = this.process;
    programs.add(child);
    let ended = "";
    child.once("error", (e) => (ended = e.message));
    child.once("exit", (code, signal) => {
      programs.delete(child);
      ended = `it ended with ${code ?? signal}`;
    });
    await until(`port ${this.port}`, () => {
      if (ended) throw new Error(`${command}: ${ended}\n${fs.readFileSync(path.join(this.home, "log"), "utf8")}`);
      return listens(this.port);
    });
  }
  async end(signal = "SIGKILL") {
    const p = this.process;
    if (p.exitCode !== null || p.signalCode !== null) return;
    const gone = new Promise((r) => p.once("exit", r));
    p.kill(signal);
    await gone;
  }
}

/** The scripted Ollama, the node, and a browser; `close()` ends them. */
export class World {
  static async begin({ nvml = false, ollama_flags = [], config = "" } = {}) {
    const w = new World();
    w.home = fs.mkdtempSync(path.join(os.tmpdir(), "conductor-console-"));
    for (const name of ["ollama", "node"]) fs.mkdirSync(path.join(w.home, name));
    w.ollama = new Program(await free_port(), path.join(w.home, "ollama"));
    await w.ollama.start(process.env.SCRIPTED_OLLAMA, ["--port", String(w.ollama.port), ...ollama_flags]);
    w.node = new Program(await free_port(), path.join(w.home, "node"));
    w.config = path.join(w.home, "conductor.toml");
    const gpu = nvml ? `[gpu]\nprobe = "nvml"\nlibrary = "${process.env.NVML_STUB}"\n` : `[gpu]\nprobe = "none"\n`;
    fs.writeFileSync(w.config, config + gpu);
    if (nvml) w.say_gpus("devices 1\n0.name NVIDIA H100\n0.memory_total 85000000000\n0.memory_used 20000000000\n0.busy 40\n");
    await w.start_node();
    w.url = `http://127.0.0.1:${w.node.port}`;
    w.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
        // A name that the node takes and that is no secure context, as most addresses of a local network.
        "--host-resolver-rules=MAP plain.internal 127.0.0.1"],
    });
    return w;
  }

  start_node() {
    return this.node.start(process.env.CONDUCTOR, [
      "serve", "--config", this.config, "--listen", `127.0.0.1:${this.node.port}`,
      "--backend", `http://127.0.0.1:${this.ollama.port}`,
    ], { NVML_STUB: path.join(this.home, "gpus") });
  }

  /** What the stub of NVML tells from now on. */
  say_gpus(facts) {
    fs.writeFileSync(path.join(this.home, "gpus.next"), facts);
    fs.renameSync(path.join(this.home, "gpus.next"), path.join(this.home, "gpus"));
  }

  /** A window that notes what must not happen in any test. */
  async page({ path: at = "", dark = false, phone = false, host = "127.0.0.1", context: given } = {}) {
    const context = given ?? (await this.browser.newContext({
      viewport: phone ? { width: 390, height: 800 } : { width: 1280, height: 800 },
      hasTouch: phone,
      isMobile: phone,
      colorScheme: dark ? "dark" : "light",
      permissions: ["clipboard-read", "clipboard-write"],
    }));
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.trouble = [];
    page.on("request", (r) => {
      const asked = new URL(r.url()).host; // none: data, blob
      if (asked && asked !== `${host}:${this.node.port}`) page.trouble.push(`asked another host: ${r.url()}`);
    });
    page.on("dialog", (d) => (page.trouble.push(`a dialog: ${d.message()}`), void d.dismiss()));
    page.on("pageerror", (e) => page.trouble.push(`an error: ${e.message}`));
    page.on("console", (m) => {
      if (m.type() !== "error" && m.type() !== "warning") return;
      if (page.may_fail && /Failed to load resource|WebSocket connection|net::ERR/.test(m.text())) return;
      page.trouble.push(`the console says: ${m.text()}`);
    });
    await page.goto(`http://${host}:${this.node.port}/console/${at}`);
    await page.getByText("Connected", { exact: true }).waitFor({ state: "attached" });
    return page;
  }

  async ask(path, body, method) {
    const r = await fetch(this.url + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { Accept: "application/json" },
    });
    const text = await r.text();
    if (!r.ok) throw new Error(`${path}: ${r.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  async session(more = {}) {
    return (await this.ask("/conductor/v1/sessions", { model: "canned", ...more })).id;
  }

  /** How every later answer is given. */
  script(how) {
    return fetch(`http://127.0.0.1:${this.ollama.port}/_scripted/script`, { method: "POST", body: JSON.stringify({ default: how }) });
  }

  async close() {
    await this.browser?.close();
    await this.node?.end();
    await this.ollama?.end();
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}
