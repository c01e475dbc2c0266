// What the whole node is doing, as its topic `overview` tells it, and what that adds up to.
import { computed, signal } from "@preact/signals";
import { get } from "./api";
import { quantile, short } from "./format";
import { follow } from "./link";
import type {
  Backend,
  Ended,
  Generation,
  Gpus,
  Loaded,
  Model,
  SessionInfo,
  Status,
  Waiting,
} from "./types";

export interface Overview {
  status: Status;
  queue: { waiting: Waiting[] };
  backends: { backends: Backend[] };
  generations: { generations: Generation[] };
  sessions: { sessions: SessionInfo[]; next: string | null };
  gpus: Gpus;
  requests: { requests: Ended[] };
}

export const overview = signal<Overview | undefined>(undefined);
/** When the last one came, on this machine's clock. */
export const told_at = signal(0);
export const models = signal<Model[] | undefined>(undefined);
export const loaded = signal<Loaded[]>([]);

/** Ten minutes, one point a second; undefined: the page did not run. */
export const keep = 600;
export interface History {
  time: number[];
  tokens: (number | null)[];
  running: (number | null)[];
  waiting: (number | null)[];
  utilization: Map<number, (number | null)[]>;
  memory: Map<number, (number | null)[]>;
}
export const history: History = {
  time: [],
  tokens: [],
  running: [],
  waiting: [],
  utilization: new Map(),
  memory: new Map(),
};
export const ticks = signal(0);

const counted = new Map<string, number>(); // tokens of answers in flight
let seen = new Set<string>(); // ended requests
let tokens = 0; // since the last point
let begun = false;

const mark = (r: Ended) => `${r.id} ${r.time}`;

function count(o: Overview): void {
  const now = new Set<string>();
  for (const g of o.generations.generations) {
    now.add(g.id);
    const pieces = g.pieces ?? 0;
    if (begun) tokens += Math.max(0, pieces - (counted.get(g.id) ?? 0));
    counted.set(g.id, pieces);
  }
  const marks = new Set<string>();
  for (const r of o.requests.requests) {
    marks.add(mark(r));
    if (begun && !seen.has(mark(r)) && !now.has(r.id))
      tokens += Math.max(0, (r.usage?.completion_tokens ?? 0) - (counted.get(r.id) ?? 0));
  }
  for (const id of counted.keys()) if (!now.has(id)) counted.delete(id);
  seen = marks;
  begun = true;
}

function column(of: Map<number, (number | null)[]>, index: number): (number | null)[] {
  let c = of.get(index);
  if (!c) of.set(index, (c = new Array(history.time.length).fill(null)));
  return c;
}

let last_point = performance.now();
function point(): void {
  const o = overview.value;
  const now = performance.now();
  const passed = (now - last_point) / 1000;
  last_point = now;
  if (!o) return;
  const slept = passed > 5;
  const h = history;
  h.time.push(Date.now() / 1000);
  h.tokens.push(slept ? null : tokens / passed);
  h.running.push(slept ? null : o.generations.generations.filter((g) => g.state === "running").length);
  h.waiting.push(slept ? null : o.queue.waiting.length);
  for (const g of o.gpus.gpus) {
    const up = !slept && !o.gpus.stale;
    column(h.utilization, g.index)[h.time.length - 1] = up ? (g.utilization ?? null) : null;
    column(h.memory, g.index)[h.time.length - 1] = up ? (g.memory_used_bytes ?? null) : null;
  }
  for (const c of [h.time, h.tokens, h.running, h.waiting, ...h.utilization.values(), ...h.memory.values()])
    if (c.length > keep) c.splice(0, c.length - keep);
  tokens = 0;
  ticks.value++;
}

/** What the node remembers of its GPUs from before this page. */
async function recall(): Promise<void> {
  const past = (await get<Gpus>("/conductor/v1/gpus?history=1")).history ?? [];
  const h = history;
  if (h.time.length > 0 || past.length === 0) return;
  const times = past[0].time_ms.slice(-keep);
  h.time.push(...times.map((t) => t / 1000));
  const none = () => new Array<number | null>(times.length).fill(null);
  h.tokens.push(...none());
  h.running.push(...none());
  h.waiting.push(...none());
  for (const g of past) {
    if (g.time_ms.length !== past[0].time_ms.length) continue;
    h.utilization.set(g.index, g.utilization.slice(-keep));
    h.memory.set(g.index, g.memory_used_bytes.slice(-keep));
  }
}

export async function refresh_models(): Promise<void> {
  const [tags, ps] = await Promise.all([
    get<{ models: Model[] }>("/api/tags"),
    get<{ models: Loaded[] }>("/api/ps"),
  ]);
  models.value = [...(tags.models ?? [])].sort((a, b) => short(a.name).localeCompare(short(b.name)));
  loaded.value = ps.models ?? [];
}

/** What was begun here is listed at once, not with the next overview. */
export async function refresh_sessions(): Promise<void> {
  const sessions = await get<Overview["sessions"]>("/conductor/v1/sessions?limit=50");
  if (overview.value) overview.value = { ...overview.value, sessions };
}

/** Of the last answers, the time to their first record. */
export const first_record = computed(() => {
  const all = (overview.value?.requests.requests ?? [])
    .filter((r) => r.model && r.timing.first > 0)
    .map((r) => r.timing.first)
    .sort((a, b) => a - b);
  return { count: all.length, p50: quantile(all, 0.5), p95: quantile(all, 0.95) };
});

function take(o: Overview): void {
  count(o);
  overview.value = o;
  told_at.value = Date.now();
}

export function begin_node(): void {
  follow({
    key: { topic: "overview" },
    event: (e) => take(e as unknown as Overview),
  });
  setInterval(point, 1000);
  void recall().catch(() => {});
  void refresh_models().catch(() => {});
}
