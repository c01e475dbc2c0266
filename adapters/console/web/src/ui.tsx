// Small parts that several pages use.
import { signal } from "@preact/signals";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Failure } from "./api";
import { seconds } from "./format";
import { Icon } from "./icons";
import type { Timing } from "./types";

// ---- short notes

interface Note {
  id: number;
  text: string;
  bad: boolean;
}
const notes = signal<Note[]>([]);
let note_count = 0;

export function tell(text: string, bad = false): void {
  const id = ++note_count;
  notes.value = [...notes.value.slice(-3), { id, text, bad }];
  setTimeout(() => (notes.value = notes.value.filter((n) => n.id !== id)), bad ? 8000 : 3500);
}

/** Does it, and tells what failed. */
export async function attempt<T>(what: Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const r = await what;
    if (done) tell(done);
    return r;
  } catch (e) {
    if ((e as Error).name !== "AbortError") tell(e instanceof Failure ? e.message : String(e), true);
    return undefined;
  }
}

export function Notes() {
  return (
    <div class="notes" role="status" aria-live="polite">
      {notes.value.map((n) => (
        <div key={n.id} class={n.bad ? "note bad" : "note"}>
          <span>{n.text}</span>
          <button
            class="quiet square"
            aria-label="Dismiss"
            onClick={() => (notes.value = notes.value.filter((x) => x.id !== n.id))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

// ---- a menu behind a button

export interface Choice {
  label: string;
  icon?: string;
  bad?: boolean;
  do: () => void;
}

export function Menu({ label, icon = "more", choices }: { label: string; icon?: string; choices: Choice[] }) {
  const [open, set_open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  useEffect(() => {
    if (!open) return;
    // In the top layer: no list that scrolls cuts it off.
    const from = button.current!.getBoundingClientRect();
    const it = list.current!;
    it.showPopover();
    const below = from.bottom + 4;
    it.style.top = `${below + it.offsetHeight < innerHeight - 8 ? below : Math.max(8, from.top - 4 - it.offsetHeight)}px`;
    it.style.left = `${Math.max(8, Math.min(innerWidth - it.offsetWidth - 8, from.right - it.offsetWidth))}px`;
    items()[0]?.focus();
    const outside = (e: Event) => {
      if (!list.current?.contains(e.target as Node) && !button.current?.contains(e.target as Node)) set_open(false);
    };
    const away = (e: Event) => !list.current?.contains(e.target as Node) && set_open(false);
    addEventListener("pointerdown", outside);
    addEventListener("scroll", away, true);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("scroll", away, true);
    };
  }, [open]);
  const close = () => {
    set_open(false);
    button.current?.focus();
  };
  const keys = (e: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      all[(to + all.length) % all.length].focus();
    } else if (e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      close();
    } else if (e.key === "Tab") set_open(false);
  };
  return (
    <div class="menu">
      <button
        ref={button}
        class="quiet square"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={(e) => {
          e.stopPropagation();
          set_open(!open);
        }}
      >
        <Icon name={icon} />
      </button>
      {open && (
        <div ref={list} id={id} class="choices" popover="manual" role="menu" aria-label={label} onKeyDown={keys}>
          {choices.map((c) => (
            <button
              key={c.label}
              role="menuitem"
              tabIndex={-1}
              class={c.bad ? "bad" : undefined}
              onClick={(e) => {
                e.stopPropagation();
                close();
                c.do();
              }}
            >
              {c.icon && <Icon name={c.icon} />}
              {c.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

// ---- a dialog, which keeps the focus and gives it back

export function Dialog({
  title,
  close,
  children,
  wide,
}: {
  title: string;
  close: () => void;
  children: ComponentChildren;
  wide?: boolean;
}) {
  const it = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    it.current!.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog
      ref={it}
      class={wide ? "wide" : undefined}
      aria-labelledby={id}
      onClose={close}
      onClick={(e) => e.target === it.current && close()}
    >
      <div class="inside">
        <header>
          <h2 id={id}>{title}</h2>
          <button class="quiet square" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

// ---- questions that are asked before something is done

interface Question {
  title: string;
  text?: string;
  value?: string;
  yes: string;
  bad?: boolean;
  then: (value: string) => void;
}
const question = signal<Question | undefined>(undefined);
export const ask_user = (q: Question) => (question.value = q);

export function Questions() {
  const q = question.value;
  return q ? <OneQuestion key={q.title} q={q} /> : null;
}

function OneQuestion({ q }: { q: Question }) {
  const [value, set_value] = useState(q.value ?? "");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const close = () => (question.value = undefined);
  return (
    <Dialog title={q.title} close={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (q.value !== undefined && !value.trim()) return;
          close();
          q.then(value.trim());
        }}
      >
        {q.text && <p>{q.text}</p>}
        {q.value !== undefined && (
          <input
            ref={field}
            aria-label={q.title}
            value={value}
            onInput={(e) => set_value(e.currentTarget.value)}
          />
        )}
        <footer>
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={q.bad ? "bad" : "main"}>
            {q.yes}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

// ---- where the time went

const parts: [string, string, (t: Timing) => number][] = [
  ["queue", "waited for a place", (t) => t.queue],
  ["load", "loaded the model", (t) => t.load],
  ["prefill", "read the prompt", (t) => t.prefill],
  ["other", "else, to the first record", (t) => Math.max(0, t.first - t.queue - t.load - t.prefill)],
  ["relay", "first record to the end", (t) => t.relay],
];

export function ledger_text(t: Timing): string {
  return parts
    .filter(([, , of]) => of(t) > 0)
    .map(([, what, of]) => `${what}: ${seconds(of(t))}`)
    .join("; ");
}

/** One bar: how the time of an answer divides. `most`: seconds of a bar's whole length. */
export function Ledger({ t, most, legend }: { t: Timing; most?: number; legend?: boolean }) {
  const all = parts.reduce((s, [, , of]) => s + of(t), 0);
  if (all <= 0) return legend ? <p class="muted">Nobody told where the time went.</p> : <span class="muted">–</span>;
  const whole = Math.max(most ?? all, all);
  return (
    <div class="ledger">
      <div class="bars" role="img" aria-label={ledger_text(t)} title={ledger_text(t)}>
        {parts.map(([name, , of]) =>
          of(t) > 0 ? <i key={name} class={`part-${name}`} style={{ width: `${(100 * of(t)) / whole}%` }} /> : null,
        )}
      </div>
      {legend && (
        <dl>
          {parts.map(([name, what, of]) => (
            <div key={name}>
              <dt>
                <i class={`part-${name}`} /> {what}
              </dt>
              <dd>{seconds(of(t))}</dd>
            </div>
          ))}
          {t.decode > 0 && (
            <div>
              <dt>of that Ollama decoded</dt>
              <dd>{seconds(t.decode)}</dd>
            </div>
          )}
        </dl>
      )}
    </div>
  );
}

export const ledger_legend = parts.map(([name, what]) => [name, what] as const);

export function Empty({ icon, title, children }: { icon: string; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="strong">{title}</p>
      {children && <p class="muted">{children}</p>}
    </div>
  );
}

export function Meter({ share, label }: { share: number; label: string }) {
  return (
    <div class="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
      <i style={{ width: `${Math.min(100, share * 100)}%` }} class={share > 0.92 ? "full" : undefined} />
    </div>
  );
}
