// Line icons on a grid of 24, drawn for this console.
const paths: Record<string, string> = {
  chat: "M4 5h16v11H9l-5 4z",
  live: "M3 12h4l3-8 4 16 3-8h4",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  backends: "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01",
  requests: "M4 6h16M4 12h10M4 18h13",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  plus: "M12 5v14M5 12h14",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  search: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l4.5 4.5",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  again: "M19 8a8 8 0 10.9 6M19 3v5h-5",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  fork: "M6 4v3a5 5 0 005 5h2a5 5 0 005-5V4M12 12v8",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  pin: "M9 4h6l-1 7 4 3H6l4-3zM12 14v6",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
  moon: "M20 14.5A8.5 8.5 0 119.5 4a7 7 0 0010.500 10.500z",
  tune: "M4 8h10M18 8h2M4 16h2M10 16h10M16 5.500v5M8 13.500v5",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class={`icon i-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** A conductor's beat: four strokes of one line. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 4C13 14 14 20 7 22c7 1 9 0 12-3 2-2 5-1 6 2M16 4c1 8 3 9 9 9" />
      <circle cx="16" cy="27" r="2" />
    </svg>
  );
}
