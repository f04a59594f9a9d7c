// Documents, and their chunks as the service splits them.

import { readFileSync } from "node:fs";

/** [{name, html, fragment?: [{data}], incremental: {sentence?: [{data, close}], word?: …}}] */
export const documents = JSON.parse(readFileSync(process.env.PIECES, "utf8"));

/**
 * The chunks of a document as those of a live stream: now and then up to eight of them come twice, first with another
 * text in bold that the second time replaces.
 */
export function* guessed(chunks, seed = 1) {
  const next = (below) => (seed = (seed * 48271) % 2147483647) % below;
  let settled = 0;
  let length = 0;
  for (let index = 0; index < chunks.length; index++) {
    const from = length;
    if (next(5) === 0) {
      for (const { data, close } of chunks.slice(index, index + 1 + next(8))) {
        const guess = data.replace(/>([^<]+)/g, "><b>guess</b>$1");
        yield { data: guess, close, settled };
      }
      yield { ...chunks[index], from, settled };
    } else yield { ...chunks[index], settled };
    length += chunks[index].data.length;
    if (next(3) === 0) settled += next(length - settled + 1);
  }
}
