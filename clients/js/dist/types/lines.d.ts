/** Returns a function that makes each line break one character, also one that two chunks share. */
export declare function lineFeeds(): (data: string) => string;
