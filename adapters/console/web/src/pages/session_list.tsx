// Conversations, the one last used first; as others begin, rename or erase them, so does this.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { download, get } from "../api";
import { ago, short } from "../format";
import { Icon } from "../icons";
import { overview, refresh_sessions } from "../node";
import { go, nav_open, route } from "../route";
import type { SessionInfo } from "../types";
import { ask_user, attempt, Menu, tell, type Choice } from "../ui";

interface Page {
  sessions: SessionInfo[];
  next: string | null;
}

/** What was read beyond the page that is told live. */
const older = signal<SessionInfo[]>([]);
const older_next = signal<string | null | undefined>(undefined);
const erased = signal<Set<string>>(new Set());
/** Changes made here, before they are told. */
const renamed = signal<Map<string, string>>(new Map());

const path = (id: string) => `/conductor/v1/sessions/${id}`;
const file_name = (s: { title: string; id: string }) =>
  (s.title || s.id).replace(/[^\p{L}\p{N} _-]+/gu, "").trim().slice(0, 60) || s.id;

export async function rename(id: string, title: string): Promise<void> {
  await attempt(get(path(id), { method: "PATCH", body: { title } }));
  renamed.value = new Map(renamed.value).set(id, title);
  setTimeout(() => {
    const left = new Map(renamed.value);
    left.delete(id);
    renamed.value = left;
  }, 3000);
}

export function choices_for(s: { id: string; title: string }): Choice[] {
  return [
    {
      label: "Rename…",
      icon: "edit",
      do: () => ask_user({ title: "Rename the conversation", value: s.title, yes: "Rename", then: (t) => void rename(s.id, t) }),
    },
    {
      label: "Fork",
      icon: "fork",
      do: () => void fork(s.id, undefined, s.title),
    },
    { label: "Export as Markdown", icon: "download", do: () => void attempt(download(`${path(s.id)}/export?as=markdown`, `${file_name(s)}.md`)) },
    { label: "Export as JSON", icon: "download", do: () => void attempt(download(`${path(s.id)}/export?as=json`, `${file_name(s)}.json`)) },
    {
      label: "Delete…",
      icon: "trash",
      bad: true,
      do: () =>
        ask_user({
          title: "Delete the conversation?",
          text: `“${s.title || "Untitled"}” is erased on the node, for everybody.`,
          yes: "Delete",
          bad: true,
          then: async () => {
            if ((await attempt(get(path(s.id), { method: "DELETE" }).then(() => true), "Deleted")) !== true) return;
            erased.value = new Set(erased.value).add(s.id);
            if (route.value.id === s.id) go("chat");
          },
        }),
    },
  ];
}

export async function fork(id: string, message: number | undefined, title: string): Promise<void> {
  const body = { ...(message === undefined ? {} : { message }), title: `${title || "Untitled"} (fork)` };
  const made = await attempt(get<SessionInfo>(`${path(id)}/fork`, { body }), "Forked");
  if (!made) return;
  go("chat", made.id);
  void refresh_sessions().catch(() => {});
}

async function import_file(file: File): Promise<void> {
  try {
    const made = await get<SessionInfo>("/conductor/v1/sessions", { body: JSON.parse(await file.text()) });
    tell("Imported");
    go("chat", made.id);
    void refresh_sessions().catch(() => {});
  } catch (e) {
    tell(`${file.name}: ${(e as Error).message}`, true);
  }
}

export function SessionList() {
  const [q, set_q] = useState("");
  const [found, set_found] = useState<SessionInfo[] | undefined>(undefined);
  const chooser = useRef<HTMLInputElement>(null);
  const live = overview.value?.sessions;
  useEffect(() => {
    if (!q.trim()) {
      set_found(undefined);
      return;
    }
    const stop = new AbortController();
    const soon = setTimeout(async () => {
      const page = await get<Page>(`/conductor/v1/sessions?limit=100&q=${encodeURIComponent(q.trim())}`, { signal: stop.signal }).catch(() => undefined);
      if (page) set_found(page.sessions);
    }, 150);
    return () => {
      clearTimeout(soon);
      stop.abort();
    };
  }, [q, live]);

  const next = older_next.value === undefined ? live?.next : older_next.value;
  const more = async () => {
    const page = await attempt(get<Page>(`/conductor/v1/sessions?limit=100&before=${encodeURIComponent(next!)}`));
    if (!page) return;
    older.value = [...older.value, ...page.sessions];
    older_next.value = page.next;
  };
  const known = new Set<string>();
  const shown = (found ?? [...(live?.sessions ?? []), ...older.value]).filter((s) => {
    if (known.has(s.id) || erased.value.has(s.id)) return false;
    known.add(s.id);
    return true;
  });

  return (
    <section class="sessions" aria-label="Conversations">
      <div class="tools">
        <a class="button main" href="#/chat" title="New chat (Alt+N)" onClick={() => (nav_open.value = false)}>
          <Icon name="plus" /> New chat
        </a>
        <Menu
          label="More about conversations"
          choices={[
            { label: "Import…", icon: "upload", do: () => chooser.current?.click() },
            { label: "Back up all (SQLite)", icon: "download", do: () => void attempt(download("/conductor/v1/backup", "conductor.db")) },
          ]}
        />
        <input
          ref={chooser}
          type="file"
          accept="application/json,.json"
          hidden
          aria-label="Conversation to import"
          onChange={(e) => {
            const file = e.currentTarget.files?.[0];
            e.currentTarget.value = "";
            if (file) void import_file(file);
          }}
        />
      </div>
      <div class="find">
        <Icon name="search" />
        <input
          id="find"
          type="search"
          placeholder="Search titles"
          aria-label="Search conversations"
          value={q}
          onInput={(e) => set_q(e.currentTarget.value)}
          onKeyDown={(e) => e.key === "Escape" && (e.stopPropagation(), set_q(""), e.currentTarget.blur())}
        />
      </div>
      <ul>
        {shown.map((s) => {
          const title = renamed.value.get(s.id) ?? s.title;
          return (
            <li key={s.id} class={route.value.id === s.id ? "here" : undefined}>
              <a href={`#/chat/${s.id}`} aria-current={route.value.id === s.id ? "page" : undefined}>
                <span class="title">{title || "Untitled"}</span>
                <span class="muted">{short(s.model)} · {ago(s.updated_at)}</span>
              </a>
              <Menu label={`Actions for ${title || "Untitled"}`} choices={choices_for({ ...s, title })} />
            </li>
          );
        })}
      </ul>
      {shown.length === 0 && <p class="muted none">{q ? "No title has that." : "No conversation yet."}</p>}
      {!found && next && (
        <button class="quiet small more" onClick={more}>Show older</button>
      )}
    </section>
  );
}
