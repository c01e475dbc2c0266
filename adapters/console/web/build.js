// Writes what the node embeds: node build.js [FOLDER], by default ../assets. The same sources make the same
// bytes: names carry the hash of their content, and compression is JavaScript's own, not that of some zlib.
import { build } from "esbuild";
import { gzipSync } from "fflate";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const to = path.resolve(process.argv[2] ?? path.join(here, "..", "assets"));

const made = await build({
  entryPoints: [path.join(here, "src", "main.tsx")],
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  write: false,
  outdir: to,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  alias: { react: "preact/compat", "react-dom": "preact/compat" },
  legalComments: "none",
  charset: "utf8",
});
const output = (end) => made.outputFiles.find((f) => f.path.endsWith(end)).text;

/** Whose code is in the bundle, with their licences' texts. */
function licences() {
  const names = new Set();
  for (const input of Object.keys(made.metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  let text = "The web console of Conductor is under the Apache License 2.0. It holds:\n";
  for (const name of [...names].sort()) {
    const folder = path.join(here, "node_modules", name);
    const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
    const file = fs.readdirSync(folder).filter((f) => /^licen[cs]e/i.test(f)).sort()[0];
    if (!file) throw new Error(`${name} has no licence`);
    text += `\n${"=".repeat(78)}\n${name} ${version} (${license})\n\n`;
    text += fs.readFileSync(path.join(folder, file), "utf8").replace(/\r/g, "").trim() + "\n";
  }
  return text;
}

fs.mkdirSync(to, { recursive: true });
for (const old of fs.readdirSync(to)) if (old.endsWith(".gz")) fs.unlinkSync(path.join(to, old));
let total = 0;
function put(name, text) {
  const packed = gzipSync(Buffer.from(text), { level: 9, mem: 12, mtime: 0 });
  packed[9] = 255; // no system in particular
  fs.writeFileSync(path.join(to, `${name}.gz`), packed);
  total += packed.length;
  console.log(`${String(packed.length).padStart(8)}  ${name}`);
}
function named(stem, kind, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10);
  const name = `${stem}-${hash}.${kind}`;
  put(name, text);
  return name;
}

let page = fs.readFileSync(path.join(here, "index.html"), "utf8");
page = page.replace("ICON", named("icon", "svg", fs.readFileSync(path.join(here, "icon.svg"), "utf8")));
page = page.replace("STYLE", named("console", "css", output(".css")));
page = page.replace("SCRIPT", named("console", "js", output(".js")));
put("index.html", page);
put("licences.txt", licences());
console.log(`${String(total).padStart(8)}  all, compressed`);
