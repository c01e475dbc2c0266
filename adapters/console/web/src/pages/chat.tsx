import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { short } from "../format";
import { Icon, Mark } from "../icons";
import { models, refresh_models } from "../node";
import { go, nav_open, route } from "../route";
import { preferences, prefer } from "../settings";
import { current, new_session, show_session, type Session } from "../session";
import { ask_user, attempt, Menu } from "../ui";
import { ChatSettings, from_fields, to_fields, type Fields } from "./chat_settings";
import { Composer } from "./composer";
import { MessageList } from "./message_list";
import { choices_for, rename } from "./session_list";

function title_of(text: string): string {
  const line = text.trim().split("\n")[0];
  return line.length > 60 ? `${line.slice(0, 57).trimEnd()}…` : line;
}

export function ModelChoice({ value, change, label = "Model", none = "No model" }: { value: string; change: (m: string) => void; label?: string; none?: string }) {
  const all = (models.value ?? []).filter((m) => !m.capabilities || m.capabilities.includes("completion"));
  const there = all.some((m) => m.name === value);
  return (
    <select class="model" aria-label={label} value={value} onFocus={() => void refresh_models().catch(() => {})} onChange={(e) => change(e.currentTarget.value)}>
      {!there && <option value={value}>{value ? short(value) : models.value ? none : "…"}</option>}
      {all.map((m) => (
        <option key={m.name} value={m.name}>{short(m.name)}</option>
      ))}
    </select>
  );
}

function sees(model: string): boolean | undefined {
  return models.value?.find((m) => m.name === model)?.capabilities?.includes("vision");
}

/** What the next conversation will begin with. */
const beginning = signal<Fields>({ system: "", options: {}, think: "", keep_alive: "" });

function NewChat() {
  const [tuning, set_tuning] = useState(false);
  const all = models.value;
  const wanted = preferences.value.model;
  const first = all?.find((m) => !m.capabilities || m.capabilities.includes("completion"))?.name ?? "";
  const model = all?.some((m) => m.name === wanted) || !all ? wanted : first;
  useEffect(() => {
    beginning.value = { system: preferences.peek().system, options: {}, think: "", keep_alive: "" };
  }, []);
  const say = async (text: string, images: string[]) => {
    const id = await attempt(new_session(model, { title: title_of(text), ...from_fields(beginning.value, false) }));
    if (!id) return false;
    show_session(id);
    go("chat", id);
    return (await attempt(current.value!.send(text, images).then(() => true))) === true;
  };
  return (
    <div class="page new-chat">
      <header class="bar only-narrow">
        <button class="quiet square" aria-label="Open navigation" onClick={() => (nav_open.value = true)}><Icon name="menu" /></button>
      </header>
      <div class="welcome">
        <Mark />
        <h1>What shall we talk about?</h1>
        <p class="muted">The conversation lives on the node: close this page, and the answer goes on.</p>
        <Composer id="new" busy={false} say={say} sees={sees(model)}>
          <ModelChoice value={model} change={(m) => prefer({ model: m })} />
          <button class="quiet square" aria-label="Settings of the new chat" title="Settings" onClick={() => set_tuning(true)}><Icon name="tune" /></button>
        </Composer>
        {all?.length === 0 && (
          <p>
            No model is there yet. <a href="#/models">Pull one</a> first.
          </p>
        )}
      </div>
      {tuning && (
        <ChatSettings
          title="Settings of the new chat"
          fields={beginning.value}
          close={() => set_tuning(false)}
          save={async (f) => {
            beginning.value = f;
            return true;
          }}
        />
      )}
    </div>
  );
}

function Conversation({ session }: { session: Session }) {
  const [tuning, set_tuning] = useState<Fields | undefined>(undefined);
  const title = session.title.value || "Untitled";
  const model = session.model.value;
  const turn = session.turn.value;
  useEffect(() => {
    document.title = `${title} · Conductor`;
  }, [title]);
  if (session.gone.value)
    return (
      <div class="page">
        <header class="bar only-narrow">
          <button class="quiet square" aria-label="Open navigation" onClick={() => (nav_open.value = true)}><Icon name="menu" /></button>
        </header>
        <div class="empty">
          <h1>This conversation is not there</h1>
          <p class="muted">{session.gone.value}</p>
          <a class="button" href="#/chat">Begin another</a>
        </div>
      </div>
    );
  const tune = async () => {
    const info = await attempt(session.load_info());
    if (info) set_tuning(to_fields(info));
  };
  const end = () => turn && void attempt(session.stop());
  return (
    <div class="page chat">
      <header class="bar">
        <button class="quiet square only-narrow" aria-label="Open navigation" onClick={() => (nav_open.value = true)}><Icon name="menu" /></button>
        <h1>
          <button class="title" title="Rename" onClick={() => ask_user({ title: "Rename the conversation", value: session.title.value, yes: "Rename", then: (t) => void rename(session.id, t) })}>
            {title}
          </button>
        </h1>
        <span class="grow" />
        <ModelChoice value={model} change={(m) => void attempt(session.change({ model: m }))} />
        <button class="quiet square" aria-label="Settings of this chat" title="Settings of this chat" onClick={tune}><Icon name="tune" /></button>
        <Menu label="Actions for this chat" choices={choices_for({ id: session.id, title: session.title.value })} />
      </header>
      <MessageList key={session.id} session={session} />
      {!session.ready.value && <div class="progress top" role="progressbar" aria-label="Loading the conversation" />}
      <div class="sr" role="status" aria-live="polite">{session.announced.value}</div>
      <div class="foot">
        <Composer
          id={session.id}
          busy={!!turn}
          stop={end}
          sees={sees(model)}
          say={async (text, images) => (await attempt(session.send(text, images).then(() => true))) === true}
        />
      </div>
      {tuning && (
        <ChatSettings
          title="Settings of this chat"
          fields={tuning}
          close={() => set_tuning(undefined)}
          save={async (f) => (await attempt(session.change(from_fields(f, true)).then(() => true), "Saved")) === true}
        />
      )}
    </div>
  );
}

export function Chat() {
  const { id } = route.value;
  useEffect(() => show_session(id), [id]);
  useEffect(() => () => show_session(""), []);
  const session = current.value;
  if (!id) return <NewChat />;
  return session?.id === id ? <Conversation key={id} session={session} /> : null;
}
