/** The words of a text. */
type Words<Text extends string> = Text extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : Text;
/** Throws `TypeError` for options that there are not, which are misspelt ones. `names` has all of the type. */
export declare function checkOptions<Options extends object, Names extends string>(options: Options, names: [keyof Options] extends [Words<Names>] ? Names : never): void;
export {};
