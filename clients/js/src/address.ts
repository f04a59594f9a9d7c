/** An address of the service, below `url`, whose query is kept. Relative ones are of the page. Throws `TypeError`. */
export function serviceAddress(url: string | URL, scheme: "http" | "ws", path: string): string {
  const address = new URL(url, globalThis.location?.href);
  address.pathname = address.pathname.replace(/\/*$/, path);
  address.hash = "";
  return address.href.replace(/^(http|ws)/, scheme);
}

/** Whether something answers HTTP there, and is not about to start or stop. */
export async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(address, { method: "HEAD", signal: AbortSignal.timeout(5000) })).status < 500;
  } catch {
    return false;
  }
}
