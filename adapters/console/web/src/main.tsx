import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Mark, Icon } from "./icons";
import { begin_link, link_state } from "./link";
import { begin_node, overview } from "./node";
import { begin_route, go, nav_open, route } from "./route";
import { begin_settings, dark, prefer } from "./settings";
import { Notes, Questions } from "./ui";
import { Backends } from "./pages/backends";
import { Chat } from "./pages/chat";
import { Live } from "./pages/live";
import { Models } from "./pages/models";
import { Requests } from "./pages/requests";
import { Settings } from "./pages/settings";
import { SessionList } from "./pages/session_list";
import { offline, Offline } from "./offline";
import "uplot/dist/uPlot.min.css";
import "./style.css";

const pages = [
  { id: "chat", title: "Chat", Page: Chat },
  { id: "live", title: "Live", Page: Live },
  { id: "requests", title: "Requests", Page: Requests },
  { id: "models", title: "Models", Page: Models },
  { id: "backends", title: "Backends", Page: Backends },
  { id: "settings", title: "Settings", Page: Settings },
];

function Badge({ page }: { page: string }) {
  const o = overview.value;
  if (!o) return null;
  if (page === "live") {
    const n = o.generations.generations.length;
    return n ? <span class="badge" aria-label={`${n} answers in flight`}>{n}</span> : null;
  }
  if (page === "backends") {
    const down = o.backends.backends.filter((b) => b.state === "down" || b.tripped).length;
    return down ? <span class="badge bad" aria-label={`${down} down`}>{down}</span> : null;
  }
  return null;
}

function Nav() {
  return (
    <nav aria-label="Pages" class="pages">
      {pages.map((p) => (
        <a key={p.id} href={`#/${p.id}`} aria-current={route.value.page === p.id ? "page" : undefined}>
          <Icon name={p.id} />
          <span>{p.title}</span>
          <Badge page={p.id} />
        </a>
      ))}
    </nav>
  );
}

function State() {
  const s = link_state.value;
  const o = overview.value;
  const text = s === "open" ? "Connected" : s === "lost" ? "No connection" : "Connecting";
  return (
    <footer class="state">
      <span class={`dot ${s === "open" ? "ok" : s === "lost" ? "bad" : "warn"}`} />
      <span>{text}</span>
      <span class="muted version">{o ? `v${o.status.version}` : ""}</span>
      <button
        class="quiet square"
        aria-label={dark.value ? "Use the light theme" : "Use the dark theme"}
        title={dark.value ? "Light theme" : "Dark theme"}
        onClick={() => prefer({ theme: dark.value ? "light" : "dark" })}
      >
        <Icon name={dark.value ? "sun" : "moon"} />
      </button>
    </footer>
  );
}

function shortcuts(e: KeyboardEvent): void {
  const typing = (e.target as HTMLElement).closest?.("input, textarea, select, dialog, [role=menu]");
  if (e.altKey && !e.ctrlKey && !e.metaKey && e.code === "KeyN") {
    e.preventDefault();
    go("chat");
    requestAnimationFrame(() => document.querySelector<HTMLElement>("#say")?.focus());
  } else if (e.key === "/" && !typing && !e.ctrlKey && !e.metaKey) {
    e.preventDefault();
    nav_open.value = true;
    requestAnimationFrame(() => document.querySelector<HTMLElement>("#find")?.focus());
  } else if (e.key === "Escape" && nav_open.value) nav_open.value = false;
}

function App() {
  const at = pages.find((p) => p.id === route.value.page) ?? pages[0];
  useEffect(() => {
    document.title = `${at.title} · Conductor`;
  }, [at]);
  useEffect(() => {
    addEventListener("keydown", shortcuts);
    return () => removeEventListener("keydown", shortcuts);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), document.getElementById("main")?.focus())}>
        Skip to the content
      </a>
      <div class={`app ${nav_open.value ? "nav-open" : ""} ${offline.value ? "is-offline" : ""}`}>
        <aside class="rail" aria-label="Navigation">
          <header>
            <Mark />
            <span class="name">Conductor</span>
            <button class="quiet square only-narrow" aria-label="Close navigation" onClick={() => (nav_open.value = false)}>
              <Icon name="close" />
            </button>
          </header>
          <Nav />
          <SessionList />
          <State />
        </aside>
        <button class="veil" aria-hidden="true" tabIndex={-1} onClick={() => (nav_open.value = false)} />
        <main id="main" tabIndex={-1}>
          <Offline />
          <at.Page key={at.id} />
        </main>
      </div>
      <Notes />
      <Questions />
    </>
  );
}

begin_settings();
begin_route();
begin_node();
begin_link();
render(<App />, document.getElementById("app")!);
