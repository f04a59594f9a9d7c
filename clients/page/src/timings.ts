/** Logs events of a stream to the console, with milliseconds since the request. */
export function timing(name: string, askedAt: number): (what: string) => void {
  return (what) => console.info(`[${name}] +${(performance.now() - askedAt).toFixed(1)} ms  ${what}`);
}
