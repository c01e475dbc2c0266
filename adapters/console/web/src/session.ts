// One conversation as it is followed: events in, messages out.
import { batch, computed, signal, type Signal } from "@preact/signals";
import { Failure, get, open } from "./api";
import { ask, follow } from "./link";
import { refresh_sessions } from "./node";
import type { SessionInfo, Timing, Usage } from "./types";

export interface Message {
  seq: number;
  role: "user" | "assistant" | "tool";
  content: string;
  state: string;
  created_at: string;
  thinking?: string;
  tool_calls?: unknown[];
  tool_name?: string;
  images?: number;
  model?: string;
  backend?: string;
  error?: string;
  usage?: Usage;
  timing?: Timing;
  decode_ns?: number;
  unsaved?: boolean;
  note?: string;
  wait?: { kind: "queued" | "loading" | "asked"; position?: number; eta_ms?: number | null; since: number };
}

/** Never twice the same; `randomUUID` is for secure pages only, and a node's address often is none. */
function new_key(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** A message whose change is told to nobody but who shows it. */
export interface Entry {
  seq: number;
  now: Signal<Message>;
}

const under_way = (m: Message) =>
  m.role === "assistant" && (m.state === "queued" || m.state === "streaming");

export class Session {
  readonly entries = signal<Entry[]>([]);
  readonly title = signal("");
  readonly model = signal("");
  readonly version = signal(0);
  readonly ready = signal(false);
  readonly gone = signal("");
  readonly info = signal<SessionInfo | undefined>(undefined);
  /** The turn that runs, if one does. */
  readonly turn = computed(() => {
    const all = this.entries.value;
    for (let i = all.length - 1; i >= 0 && i >= all.length - 64; --i)
      if (under_way(all[i].now.value)) return all[i].now.value;
    return undefined;
  });
  /** For those who listen rather than look; few and short. */
  readonly announced = signal("");

  private next: number | undefined;
  private by_seq = new Map<number, Entry>();
  private text = new Map<number, { content: string; thinking: string }>();
  private flushing = false;
  private sent_images = new Map<string, number>();
  private end_follow: () => void;

  constructor(readonly id: string) {
    this.end_follow = follow({
      key: { session: id },
      from: () => this.next,
      event: (e) => batch(() => this.take(e)),
      refused: (e) => (this.gone.value = e.message),
    });
  }

  close(): void {
    this.end_follow();
  }

  // ---- what is told

  private take(e: any): void {
    this.next = (e.type === "snapshot" ? e.next : e.seq + 1) as number;
    switch (e.type) {
      case "snapshot":
        this.replace(e);
        break;
      case "message":
        this.said(e);
        break;
      case "queued":
        this.answer(e, { state: "queued", wait: { kind: "queued", position: e.position, eta_ms: e.eta_ms, since: this.since(e) } });
        break;
      case "loading":
        this.answer(e, { model: e.model, backend: e.backend, wait: { kind: "loading", since: Date.parse(e.time) } });
        break;
      case "started":
        this.answer(e, { state: "streaming", model: e.model, backend: e.backend, wait: { kind: "asked", since: this.since(e) } });
        this.announced.value = "The answer begins.";
        break;
      case "delta":
      case "thinking":
        this.piece(e.message, e.type === "delta" ? "content" : "thinking", e.text);
        break;
      case "tool_calls":
        this.answer(e, { tool_calls: e.tool_calls });
        break;
      case "continued":
        this.answer(e, { backend: e.backend, note: `went on at ${e.backend}` });
        break;
      case "trimmed":
        this.answer(e, { note: `messages up to ${e.through} no longer go to the model: its context is full` });
        break;
      case "changed":
        this.title.value = e.title;
        this.model.value = e.model;
        this.version.value = e.version;
        if (this.info.value) void this.load_info();
        break;
      case "done":
        this.end(e, { state: "done", usage: e.usage, timing: e.timing, decode_ns: e.timings_ns?.answer });
        break;
      case "cancelled":
        this.end(e, { state: "cancelled" });
        break;
      case "error":
        this.end(e, { state: e.code === "interrupted" ? "interrupted" : "failed", error: e.detail });
        break;
    }
  }

  private since(e: any): number {
    return this.by_seq.get(e.message)?.now.peek().wait?.since ?? Date.parse(e.time);
  }

  private replace(e: any): void {
    this.flush();
    this.title.value = e.title;
    this.model.value = e.model;
    this.version.value = e.version;
    const before = this.by_seq;
    this.by_seq = new Map();
    this.entries.value = (e.messages as Message[]).map((m) => {
      const old = before.get(m.seq);
      const same = old?.now.peek();
      const entry = old && same!.role === m.role ? old : { seq: m.seq, now: signal(m) };
      if (entry === old && (same!.content !== m.content || same!.state !== m.state || same!.thinking !== m.thinking))
        entry.now.value = { ...m, timing: same!.content === m.content ? same!.timing : undefined };
      this.by_seq.set(m.seq, entry);
      return entry;
    });
    this.ready.value = true;
    this.gone.value = "";
  }

  private add(m: Message): Entry {
    const entry: Entry = { seq: m.seq, now: signal(m) };
    this.by_seq.set(m.seq, entry);
    this.entries.value = [...this.entries.value.filter((x) => x.seq < m.seq), entry];
    return entry;
  }

  private said(e: any): void {
    const m: Message = { seq: e.message, role: e.role, content: e.content, state: "done", created_at: e.time };
    const mine = this.sent_images.get(e.content);
    this.sent_images.delete(e.content);
    if (mine) m.images = mine;
    const entry = this.add(m);
    if (mine === undefined && e.role === "user")
      void get<{ images?: string[] }>(`/conductor/v1/sessions/${this.id}/messages/${m.seq}`)
        .then((whole) => {
          if (whole.images?.length) entry.now.value = { ...entry.now.peek(), images: whole.images.length };
        })
        .catch(() => {});
  }

  private answer(e: any, change: Partial<Message>): void {
    this.flush();
    const entry =
      this.by_seq.get(e.message) ??
      this.add({ seq: e.message, role: "assistant", content: "", state: "queued", created_at: e.time });
    entry.now.value = { ...entry.now.peek(), ...change };
  }

  private end(e: any, change: Partial<Message>): void {
    this.answer(e, { ...change, wait: undefined, unsaved: e.stored === false });
    const m = this.by_seq.get(e.message)!.now.peek();
    const words = m.content.split(/\s+/).filter(Boolean).length;
    this.announced.value =
      m.state === "done" ? `The answer is complete: ${words} words.` : m.state === "cancelled" ? "The answer was stopped." : `The answer failed: ${m.error}`;
  }

  /** Pieces are shown once a frame, however many came. */
  private piece(seq: number, part: "content" | "thinking", text: string): void {
    let t = this.text.get(seq);
    if (!t) this.text.set(seq, (t = { content: "", thinking: "" }));
    t[part] += text;
    if (this.flushing) return;
    this.flushing = true;
    const soon = document.hidden ? (f: () => void) => setTimeout(f, 250) : requestAnimationFrame;
    soon(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    batch(() => {
      for (const [seq, t] of this.text) {
        const entry =
          this.by_seq.get(seq) ??
          this.add({ seq, role: "assistant", content: "", state: "streaming", created_at: new Date().toISOString() });
        const m = entry.now.peek();
        entry.now.value = {
          ...m,
          state: "streaming",
          wait: undefined,
          content: m.content + t.content,
          thinking: t.thinking || m.thinking ? (m.thinking ?? "") + t.thinking : undefined,
        };
      }
      this.text.clear();
    });
  }

  // ---- what is asked

  async send(content: string, images: string[] = []): Promise<void> {
    this.sent_images.set(content, images.length);
    const op: any = { op: "send", session: this.id, content, idempotency_key: new_key() };
    if (images.length) op.images = images;
    try {
      await ask(op);
    } catch (e) {
      this.sent_images.delete(content);
      throw e;
    }
  }

  stop(): Promise<unknown> {
    return get(`${this.path}/cancel`, { body: {} });
  }

  /** Its events are followed anyway: the answer's own stream is let go. */
  async regenerate(): Promise<void> {
    const r = await open(`${this.path}/regenerate`, { body: {} });
    void r.body?.cancel();
  }

  async rewind(to: number): Promise<void> {
    await get(`${this.path}/rewind`, { body: { message: to } });
  }

  async change(settings: Record<string, unknown>): Promise<void> {
    this.info.value = await get<SessionInfo>(this.path, { method: "PATCH", body: settings });
  }

  async load_info(): Promise<SessionInfo> {
    const { messages: _, ...info } = await get<SessionInfo & { messages: unknown }>(this.path);
    this.info.value = info;
    return info;
  }

  async images(seq: number): Promise<string[]> {
    return (await get<{ images?: string[] }>(`${this.path}/messages/${seq}`)).images ?? [];
  }

  /** Says `content` in place of the message `seq`, and what came after is gone. */
  async edit(seq: number, content: string): Promise<void> {
    const all = this.entries.peek();
    const at = all.findIndex((x) => x.seq === seq);
    if (at < 0) throw new Failure(404, "not_found", "the message is no longer there");
    const images = all[at].now.peek().images ? await this.images(seq) : [];
    await this.rewind(at === 0 ? 0 : all[at - 1].seq);
    await this.send(content, images);
  }

  private get path(): string {
    return `/conductor/v1/sessions/${this.id}`;
  }
}

export const current = signal<Session | undefined>(undefined);

export function show_session(id: string): void {
  if (current.peek()?.id === id) return;
  current.peek()?.close();
  current.value = id ? new Session(id) : undefined;
}

export async function new_session(model: string, settings: Record<string, unknown>): Promise<string> {
  const made = await get<SessionInfo>("/conductor/v1/sessions", { body: { model, ...settings } });
  void refresh_sessions().catch(() => {});
  return made.id;
}
