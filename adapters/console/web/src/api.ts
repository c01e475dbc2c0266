// What the node is asked over HTTP.
import { apiKey } from "./settings";

export class Failure extends Error {
  constructor(
    public status: number,
    public code: string,
    detail: string,
  ) {
    super(detail);
  }
}

async function failure_of(r: Response): Promise<Failure> {
  const text = await r.text().catch(() => "");
  try {
    const j = JSON.parse(text);
    const detail = j.detail ?? j.error?.message ?? j.error ?? text;
    return new Failure(r.status, j.code ?? "", String(detail));
  } catch {
    return new Failure(r.status, "", text.trim() || `the node answered ${r.status}`);
  }
}

export interface Ask {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The answer, its body still to be read; throws a Failure of any status that is none of success. */
export async function open(path: string, ask: Ask = {}): Promise<Response> {
  const headers: Record<string, string> = { ...ask.headers };
  if (ask.body !== undefined) headers["Content-Type"] = "application/json";
  if (apiKey.value) headers["Authorization"] = `Bearer ${apiKey.value}`;
  let r: Response;
  try {
    r = await fetch(path, {
      method: ask.method ?? (ask.body === undefined ? "GET" : "POST"),
      body: ask.body === undefined ? undefined : JSON.stringify(ask.body),
      headers,
      signal: ask.signal,
      cache: "no-store",
    });
  } catch (e) {
    if ((e as Error).name === "AbortError") throw e;
    throw new Failure(0, "unreachable", "the node cannot be reached");
  }
  if (!r.ok) throw await failure_of(r);
  return r;
}

export async function get<T>(path: string, ask: Ask = {}): Promise<T> {
  const r = await open(path, ask);
  return (r.status === 204 ? undefined : await r.json().catch(() => undefined)) as T;
}

/** Each record of an NDJSON answer as it comes. */
export async function* records<T>(r: Response): AsyncGenerator<T> {
  const reader = r.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += value ?? "";
    const lines = rest.split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
    if (done) {
      if (rest.trim()) yield JSON.parse(rest) as T;
      return;
    }
  }
}

/** Offers what a path answers as a file. */
export async function download(path: string, name: string): Promise<void> {
  const blob = await (await open(path)).blob();
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
