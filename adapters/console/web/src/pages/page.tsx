// The frame of a page that is no conversation.
import type { ComponentChildren } from "preact";
import { Icon } from "../icons";
import { nav_open } from "../route";

export function Page({ title, actions, children }: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="page">
      <header class="bar">
        <button class="quiet square only-narrow" aria-label="Open navigation" onClick={() => (nav_open.value = true)}>
          <Icon name="menu" />
        </button>
        <h1>{title}</h1>
        <span class="grow" />
        {actions}
      </header>
      <div class="body" role="group" aria-label={title} tabIndex={0}>{children}</div>
    </div>
  );
}
