/**
 * Calls what the user gave. What it throws goes where that goes which nobody catches: the client is in the middle of
 * something, and nothing of it may be left out.
 */
export declare function tell<News extends unknown[]>(listener: ((...news: News) => void) | undefined, ...news: News): void;
