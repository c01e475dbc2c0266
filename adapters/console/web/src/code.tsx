// A block of code: its language, its colours, its copy.
import { createLowlight } from "lowlight";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Icon } from "./icons";

const lowlight = createLowlight({
  bash, c, cpp, css, diff, dockerfile, go, ini, java, javascript, json, markdown, python, ruby,
  rust, sql, typescript, xml, yaml,
});
lowlight.registerAlias({ bash: ["shell", "console"], javascript: ["jsx"], typescript: ["tsx"], ini: ["conf"] });

type Nodes = ReturnType<typeof lowlight.highlight>["children"];

function elements(nodes: Nodes): ComponentChildren {
  return nodes.map((n, i) => {
    if (n.type === "text") return n.value;
    if (n.type !== "element") return null;
    const classes = (n.properties.className as string[] | undefined)?.join(" ");
    return (
      <span key={i} class={classes}>
        {elements(n.children as Nodes)}
      </span>
    );
  });
}

const most = 60_000; // characters; beyond, colours cost more than they tell

export function Code({ text, lang, live }: { text: string; lang: string; live: boolean }) {
  const [copied, set_copied] = useState(false);
  const language = lang.split(/\s/)[0].toLowerCase();
  const colours = lowlight.registered(language) && text.length < (live ? 4_000 : most);
  const copy = async () => {
    await copy_text(text);
    set_copied(true);
    setTimeout(() => set_copied(false), 1500);
  };
  return (
    <figure class="code">
      <figcaption>
        <span>{language || "text"}</span>
        <button class="quiet small" onClick={copy} aria-label={copied ? "Copied" : "Copy code"}>
          <Icon name={copied ? "check" : "copy"} /> {copied ? "Copied" : "Copy"}
        </button>
      </figcaption>
      <pre tabIndex={0}>
        <code>{colours ? elements(lowlight.highlight(language, text).children) : text}</code>
      </pre>
    </figure>
  );
}

/** Also where the page is not secure, as on a plain address of the local network. */
export async function copy_text(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
