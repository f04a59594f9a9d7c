// Documents, and their chunks as the service splits them.

import { readFileSync } from "node:fs";

/** [{name, html, fragment?: [{data}], incremental: {sentence?: [{data, close}], word?: …}}] */
export const documents = JSON.parse(readFileSync(process.env.PIECES, "utf8"));
