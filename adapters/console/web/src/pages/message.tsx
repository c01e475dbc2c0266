// One message, and what can be done with it.
import { useEffect, useRef, useState } from "preact/hooks";
import { memo } from "preact/compat";
import { copy_text } from "../code";
import { clock, ms, number, seconds, short } from "../format";
import { Icon } from "../icons";
import { Markdown } from "../markdown";
import { preferences } from "../settings";
import type { Entry, Message as Data, Session } from "../session";
import { attempt, Ledger, tell } from "../ui";
import { fork } from "./session_list";

function kind_of(base64: string): string {
  if (base64.startsWith("iVBOR")) return "image/png";
  if (base64.startsWith("R0lGOD")) return "image/gif";
  if (base64.startsWith("UklGR")) return "image/webp";
  return "image/jpeg";
}

function Pictures({ session, seq, count }: { session: Session; seq: number; count: number }) {
  const [all, set_all] = useState<string[]>([]);
  useEffect(() => {
    let here = true;
    session.images(seq).then((i) => here && set_all(i)).catch(() => {});
    return () => void (here = false);
  }, [session, seq]);
  return (
    <div class="pictures">
      {Array.from({ length: count }, (_, i) =>
        all[i] ? <img key={i} src={`data:${kind_of(all[i])};base64,${all[i]}`} alt={`Picture ${i + 1} of the message`} /> : <span key={i} class="waiting" />,
      )}
    </div>
  );
}

function Elapsed({ since }: { since: number }) {
  const [now, set_now] = useState(Date.now());
  useEffect(() => {
    const t = setInterval(() => set_now(Date.now()), 500);
    return () => clearInterval(t);
  }, []);
  const s = Math.max(0, (now - since) / 1000);
  return <span class="muted">{s < 1 ? "" : s < 60 ? `${Math.floor(s)} s` : seconds(s)}</span>;
}

function Wait({ m }: { m: Data }) {
  const w = m.wait;
  const since = w?.since ?? Date.parse(m.created_at);
  const text =
    w?.kind === "queued"
      ? `Number ${w.position} in the queue${w.eta_ms ? `, about ${ms(w.eta_ms)} to go` : ""}`
      : w?.kind === "loading"
        ? `Loading ${short(m.model ?? "the model")} on ${m.backend}`
        : m.state === "queued"
          ? "Waiting for its turn"
          : "Reading the prompt";
  return (
    <div class="wait">
      <div class="progress" role="progressbar" aria-label={text} />
      <span>{text}</span> <Elapsed since={since} />
    </div>
  );
}

function Thinking({ m }: { m: Data }) {
  const live = m.state === "streaming" && !m.content;
  return (
    <details class="thinking" open={preferences.value.showThinking}>
      <summary>{live ? "Thinking…" : "Thought before answering"}</summary>
      <Markdown text={m.thinking!} live={live} />
    </details>
  );
}

function Facts({ m }: { m: Data }) {
  const [open, set_open] = useState(false);
  const t = m.timing;
  const rate = m.usage && m.decode_ns ? m.usage.completion_tokens / (m.decode_ns / 1e9) : 0;
  const facts = [
    m.model && short(m.model),
    m.backend,
    m.usage && `${number(m.usage.completion_tokens)} tokens`,
    rate > 0 && `${number(rate)} tokens/s`,
    t && t.first > 0 && `first after ${seconds(t.first)}`,
  ].filter(Boolean);
  if (facts.length === 0) return null;
  return (
    <>
      {t ? (
        <button class="facts" aria-expanded={open} onClick={() => set_open(!open)} title="Where the time went">
          {facts.join(" · ")}
        </button>
      ) : (
        <span class="facts">{facts.join(" · ")}</span>
      )}
      {open && t && <div class="facts-more"><Ledger t={t} legend /></div>}
    </>
  );
}

function Edit({ m, session, close }: { m: Data; session: Session; close: () => void }) {
  const [text, set_text] = useState(m.content);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current!.focus();
    field.current!.setSelectionRange(text.length, text.length);
  }, []);
  const send = async () => {
    if (!text.trim()) return;
    close();
    await attempt(session.edit(m.seq, text));
  };
  return (
    <div class="edit">
      <textarea
        ref={field}
        aria-label="Edit the message"
        value={text}
        rows={Math.min(14, text.split("\n").length + 1)}
        onInput={(e) => set_text(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape") close();
          if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void send();
        }}
      />
      <div class="row end">
        <span class="muted grow">What came after it is dropped.</span>
        <button class="quiet small" onClick={close}>Cancel</button>
        <button class="main small" onClick={send}>Send again</button>
      </div>
    </div>
  );
}

const problems: Record<string, string> = {
  cancelled: "Stopped",
  failed: "Failed",
  interrupted: "Interrupted: the node stopped here",
};

export const Message = memo(({ entry, session, last }: { entry: Entry; session: Session; last: boolean }) => {
  const m = entry.now.value;
  const [editing, set_editing] = useState(false);
  const mine = m.role === "user";
  const live = m.state === "streaming" || m.state === "queued";
  const who = mine ? "You" : m.role === "tool" ? `Result of ${m.tool_name ?? "a tool"}` : "Answer";
  const copy = () => void copy_text(m.content).then(() => tell("Copied"));
  return (
    <article class={`message ${m.role}`} aria-label={`${who}, ${clock(m.created_at)}`} aria-busy={live} data-seq={m.seq} data-state={m.state}>
      {m.images ? <Pictures session={session} seq={m.seq} count={m.images} /> : null}
      {m.thinking && <Thinking m={m} />}
      {editing ? (
        <Edit m={m} session={session} close={() => set_editing(false)} />
      ) : mine || m.role === "tool" ? (
        <div class="said">{m.content}</div>
      ) : (
        m.content && <Markdown text={m.content} live={live} />
      )}
      {m.tool_calls?.length ? <pre class="calls" tabIndex={0}>{JSON.stringify(m.tool_calls, null, 2)}</pre> : null}
      {live && !m.content && !m.thinking && <Wait m={m} />}
      {live && (m.content || m.thinking) && <span class="caret" aria-hidden="true" />}
      {m.note && <p class="aside">{m.note}</p>}
      {problems[m.state] && (
        <p class={`aside ${m.state === "cancelled" ? "" : "bad"}`}>
          {problems[m.state]}
          {m.error && m.state === "failed" ? `: ${m.error}` : ""}
        </p>
      )}
      {m.unsaved && <p class="aside bad">Not saved yet: the node's store refuses it.</p>}
      {!editing && !live && (
        <div class="acts">
          {m.role === "assistant" && <Facts m={m} />}
          <button class="quiet square" aria-label="Copy" title="Copy" onClick={copy}><Icon name="copy" /></button>
          {mine && (
            <button class="quiet square" aria-label="Edit" title="Edit and send again" onClick={() => set_editing(true)}><Icon name="edit" /></button>
          )}
          {!mine && last && (
            <button class="quiet square" aria-label="Regenerate" title="Answer anew" onClick={() => void attempt(session.regenerate())}><Icon name="again" /></button>
          )}
          <button class="quiet square" aria-label="Fork from here" title="Fork from here" onClick={() => void fork(session.id, m.seq, session.title.peek())}><Icon name="fork" /></button>
        </div>
      )}
    </article>
  );
});
