// Where the user is, in the address behind '#'.
import { signal } from "@preact/signals";

export interface Route {
  page: string;
  id: string;
}

function parse(): Route {
  const [page = "chat", id = ""] = location.hash.replace(/^#\/?/, "").split("/");
  return { page: page || "chat", id: decodeURIComponent(id) };
}

export const route = signal<Route>(parse());
export const nav_open = signal(false);

export function go(page: string, id = ""): void {
  location.hash = `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

export function begin_route(): void {
  addEventListener("hashchange", () => {
    route.value = parse();
    nav_open.value = false;
  });
}
