/**
 * Calls `woken` when the page may have a network again (it is online, shown or restored), and `left` when it is left,
 * perhaps to be restored. Without a page, as in node and in workers, it does nothing. Returns what ends it.
 */
export declare function watchPage(woken: () => void, left: () => void): () => void;
