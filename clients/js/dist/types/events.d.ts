/** Called with what an event carries. */
export type Listener<Values extends unknown[]> = (...values: Values) => void;
/** What others can listen to: `Known` has the names of the events, and what each carries. */
export declare class Events<Known extends {
    [Name in keyof Known]: unknown[];
}> {
    #private;
    /** Calls the listener at each of these events, after that of the options. Returns a function that ends it. */
    on<Name extends keyof Known & string>(name: Name, listener: Listener<Known[Name]>): () => void;
    off<Name extends keyof Known & string>(name: Name, listener: Listener<Known[Name]>): void;
}
