// The one WebSocket to the node. It comes back by itself, and so does all that was followed.
import { signal } from "@preact/signals";
import { Failure } from "./api";

type Json = Record<string, any>;

export type LinkState = "connecting" | "open" | "lost";
export const link_state = signal<LinkState>("connecting");

interface Pending {
  op: Json;
  sent: boolean;
  done: (ack: Json) => void;
  failed: (e: Failure) => void;
}

/** Somebody who follows a session or a topic. */
export interface Follower {
  /** Called when what it follows is not there, or no longer. */
  refused?: (e: Failure) => void;
  /** What tells it apart: `{session}` or `{topic}`. */
  key: Json;
  /** The first event that is wanted; undefined: all there is. */
  from?: () => number | undefined;
  event: (e: Json) => void;
}

let socket: WebSocket | undefined;
let refs = 0;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
const pending = new Map<string, Pending>();
const followers = new Map<string, Follower>();

const name_of = (key: Json) => (key.session ? `s:${key.session}` : `t:${key.topic}`);

function connect(): void {
  clearTimeout(retry);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const ws = new WebSocket(`${scheme}://${location.host}/conductor/v1/ws`);
  socket = ws;
  ws.onopen = () => {
    attempts = 0;
    link_state.value = "open";
    for (const f of followers.values()) subscribe(f);
    // What was sent on a connection that broke is sent again: its key has it done once.
    for (const [ref, p] of pending) if (!p.op.op.endsWith("subscribe")) put(ref, p);
  };
  ws.onmessage = (m) => take(JSON.parse(m.data));
  ws.onclose = () => {
    if (socket === ws) lose();
  };
}

/** What was asked on a connection that is no more, and cannot be asked twice or need not. */
function give_up(): void {
  for (const [ref, p] of pending) {
    if (p.op.op.endsWith("subscribe")) pending.delete(ref);
    else if (p.sent && !p.op.idempotency_key) {
      pending.delete(ref);
      p.failed(new Failure(0, "unreachable", "the connection to the node was lost"));
    }
  }
}

function lose(): void {
  socket = undefined;
  link_state.value = "lost";
  give_up();
  const wait = Math.min(5000, 250 * 2 ** attempts++) * (0.75 + Math.random() / 2);
  retry = setTimeout(connect, wait);
}

/** A connection that slept is not trusted: a new one costs little and misses nothing. */
export function reconnect(): void {
  const old = socket;
  socket = undefined;
  old?.close();
  give_up();
  attempts = 0;
  link_state.value = "connecting";
  connect();
}

function put(ref: string, p: Pending): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  p.sent = true;
  socket.send(JSON.stringify({ ...p.op, ref }));
}

function subscribe(f: Follower): void {
  const from = f.from?.();
  void ask({ op: "subscribe", ...f.key, ...(from === undefined ? {} : { from }) }).catch((e) => refused(f, e));
}

/** What is not there is given up; what cannot be had now is asked for again. */
function refused(f: Follower, e: Failure): void {
  if (e.code.endsWith("not_found")) f.refused?.(e);
  else
    setTimeout(() => {
      if (followers.get(name_of(f.key)) === f && socket?.readyState === WebSocket.OPEN) subscribe(f);
    }, 2000);
}

/** One operation, answered when the node has; one with an `idempotency_key` outlives connections. */
export function ask(op: Json): Promise<Json> {
  return new Promise((done, failed) => {
    const ref = String(++refs);
    const p: Pending = { op, sent: false, done, failed };
    pending.set(ref, p);
    put(ref, p);
  });
}

function take(m: Json): void {
  if (m.topic !== undefined && m.ref === undefined) {
    followers.get(`t:${m.topic}`)?.event(m);
  } else if (m.ref !== undefined) {
    const p = pending.get(m.ref);
    pending.delete(m.ref);
    if (m.type === "ack") p?.done(m);
    else p?.failed(new Failure(0, m.code, m.detail));
  } else if (m.session !== undefined) {
    const f = followers.get(`s:${m.session}`);
    if (f && m.type === "error" && m.seq === undefined) refused(f, new Failure(0, m.code, m.detail));
    else f?.event(m);
  }
}

/** Follows until the function that is returned is called. */
export function follow(f: Follower): () => void {
  const name = name_of(f.key);
  followers.set(name, f);
  if (socket?.readyState === WebSocket.OPEN) subscribe(f);
  return () => {
    if (followers.get(name) !== f) return;
    followers.delete(name);
    if (socket?.readyState === WebSocket.OPEN)
      void ask({ op: "unsubscribe", ...f.key }).catch(() => {});
  };
}

export function begin_link(): void {
  connect();
  let hidden_since = 0;
  let last_tick = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hidden_since = Date.now();
    else if (Date.now() - hidden_since > 60_000) reconnect();
  });
  addEventListener("online", reconnect);
  addEventListener("offline", () => {
    link_state.value = "lost";
    socket?.close();
  });
  // A timer that comes half a minute late: the machine slept.
  setInterval(() => {
    const now = Date.now();
    if (now - last_tick > 35_000 && !document.hidden) reconnect();
    last_tick = now;
  }, 5_000);
}
