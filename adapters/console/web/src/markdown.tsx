// Markdown becomes elements, never HTML: what a model says cannot run, load or submit anything.
import { marked, type Token, type Tokens } from "marked";
import { memo } from "preact/compat";
import type { ComponentChildren } from "preact";
import { Code } from "./code";

const entities: Record<string, string> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", hellip: "…",
  mdash: "—", ndash: "–", rarr: "→", larr: "←", times: "×", middot: "·", deg: "°", euro: "€",
};

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,8}));/gi, (all, dec, hex, name) => {
    if (name) return entities[name] ?? all;
    const code = dec ? Number(dec) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** The address, if it is one that a person may follow. */
function safe_link(href: string): string | undefined {
  try {
    const url = new URL(decoded(href));
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined; // relative ones would lead into the console
  }
}

const picture = /^data:image\/(png|jpeg|gif|webp);base64,[a-z0-9+/=\s]+$/i;

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  const to = safe_link(href);
  if (!to) return <span title={href}>{children}</span>;
  return (
    <a href={to} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function inline(tokens: Token[] | undefined): ComponentChildren {
  return tokens?.map((t, i) => {
    switch (t.type) {
      case "strong":
        return <strong key={i}>{inline(t.tokens)}</strong>;
      case "em":
        return <em key={i}>{inline(t.tokens)}</em>;
      case "del":
        return <del key={i}>{inline(t.tokens)}</del>;
      case "codespan":
        return <code key={i}>{t.text}</code>;
      case "br":
        return <br key={i} />;
      case "link":
        return (
          <Link key={i} href={t.href}>
            {inline(t.tokens)}
          </Link>
        );
      case "image":
        return picture.test(t.href) ? (
          <img key={i} src={t.href} alt={decoded(t.text)} />
        ) : (
          <Link key={i} href={t.href}>
            {decoded(t.text) || "picture"} ↗
          </Link>
        );
      case "escape":
      case "text":
        return "tokens" in t && t.tokens ? inline(t.tokens) : decoded(t.text);
      default: // models break lines in tables so
        return /^<br\s*\/?>$/i.test(t.raw) ? <br key={i} /> : t.raw;
    }
  });
}

function Item({ item }: { item: Tokens.ListItem }) {
  return (
    <li class={item.task ? "task" : undefined}>
      {item.task && <input type="checkbox" disabled checked={item.checked} aria-label={item.checked ? "done" : "open"} />}
      {item.tokens.filter((t) => t.type !== "checkbox").map((t, i) => (t.type === "text" ? <span key={i}>{inline([t])}</span> : <Block key={i} token={t} live={false} />))}
    </li>
  );
}

function Table({ t }: { t: Tokens.Table }) {
  const side = (i: number) => (t.align[i] ? { textAlign: t.align[i]! } : undefined);
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {t.header.map((c, i) => (
              <th key={i} style={side(i)}>{inline(c.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {t.rows.map((row, r) => (
            <tr key={r}>
              {row.map((c, i) => (
                <td key={i} style={side(i)}>{inline(c.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ depth, children }: { depth: number; children: ComponentChildren }) {
  // Below the page's own heading.
  const Tag = `h${Math.min(6, depth + 1)}` as "h3";
  return <Tag class={`h${depth}`}>{children}</Tag>;
}

const Block = memo(
  ({ token: t, live }: { token: Token; live: boolean }) => {
    switch (t.type) {
      case "heading":
        return <Heading depth={t.depth}>{inline(t.tokens)}</Heading>;
      case "paragraph":
        return <p>{inline(t.tokens)}</p>;
      case "code":
        return <Code text={t.text} lang={t.lang ?? ""} live={live} />;
      case "blockquote":
        return <blockquote>{blocks(t.tokens ?? [], false)}</blockquote>;
      case "list": {
        const items = (t as Tokens.List).items.map((item, i) => <Item key={i} item={item} />);
        return t.ordered ? <ol start={Number(t.start) || undefined}>{items}</ol> : <ul>{items}</ul>;
      }
      case "table":
        return <Table t={t as Tokens.Table} />;
      case "hr":
        return <hr />;
      case "space":
      case "def":
        return null;
      case "text":
        return <p>{inline(t.tokens ?? [t])}</p>;
      default:
        return <p class="raw">{t.raw}</p>;
    }
  },
  (a, b) => a.token.raw === b.token.raw && a.token.type === b.token.type && a.live === b.live,
);

function blocks(tokens: Token[], live: boolean): ComponentChildren {
  const shown = tokens.filter((t) => t.type !== "space" && t.type !== "def");
  return shown.map((t, i) => <Block key={i} token={t} live={live && i === shown.length - 1} />);
}

export const Markdown = memo(({ text, live }: { text: string; live?: boolean }) => (
  <div class="prose">{blocks(marked.lexer(text, { gfm: true, breaks: true }), !!live)}</div>
));
