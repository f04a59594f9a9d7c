/**
 * Calls a listener of the user. An exception in it is reported as uncaught and does not interrupt the client, which may
 * be in the middle of an operation.
 */
export declare function notify<Values extends unknown[]>(listener: ((...values: Values) => void) | undefined, ...values: Values): void;
