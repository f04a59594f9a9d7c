/** An address of the service, below `url`, whose query is kept. Relative ones are of the page. Throws `TypeError`. */
export declare function serviceAddress(url: string | URL, scheme: "http" | "ws", path: string): string;
/** Whether something answers HTTP there, and is not about to start or stop. */
export declare function answers(address: string): Promise<boolean>;
