/**
 * Calls `woken` when the page may have a network again (it is online, shown or restored), and `left` when it is left,
 * perhaps to be restored. Without a page, as in node and in workers, it does nothing. Returns what ends it.
 */
export function watchPage(woken: () => void, left: () => void): () => void {
  const view = globalThis.document?.defaultView;
  const listen = ({ type, persisted }: Event & { persisted?: boolean }): void => {
    if (type === "pagehide") left();
    else if (type === "pageshow" ? persisted : !document.hidden) woken();
  };
  const types = ["online", "visibilitychange", "pageshow", "pagehide"];
  for (const type of types) view?.addEventListener(type, listen);
  return () => {
    for (const type of types) view?.removeEventListener(type, listen);
  };
}
