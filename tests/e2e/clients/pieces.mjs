// Documents, and the pieces in which the service cuts them.

import { readFileSync } from "node:fs";

/** [{name, html, fragment?: [{data}], incremental: {sentence?: [{data, close}], word?: …}}] */
export const documents = JSON.parse(readFileSync(process.env.PIECES, "utf8"));
