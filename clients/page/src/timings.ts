/** Says on the console what happens, and when: milliseconds since it was asked for. */
export function timing(name: string, askedAt: number): (what: string) => void {
  return (what) => console.info(`[${name}] +${(performance.now() - askedAt).toFixed(1)} ms  ${what}`);
}
