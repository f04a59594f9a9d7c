// Reads a document from standard input; says what it names, and what is wrong with it: by the word of the parser, and,
// as that does not look at the examples of version 3, of a validator that holds each against its schema.
import { text } from "node:stream/consumers";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
const against = diagnostics.map(({ code, path, message }) => `${path.join(".")}: ${message} (${code})`);
const found = document && {
  version: document.version(),
  messages: document.messages().all().map((message) => message.id()),
  receives: document.operations().filterByReceive().map((operation) => operation.id()),
  sends: document.operations().filterBySend().map((operation) => operation.id()),
};

const ajv = addFormats(new Ajv({ allErrors: true, keywords: ["x-parser-schema-id"] }));
for (const message of document?.messages().all() ?? []) {
  const fits = ajv.compile(message.payload().json());
  for (const example of message.examples().all()) {
    if (!fits(example.payload())) {
      against.push(`${message.id()}, example ${example.name()}: ${ajv.errorsText(fits.errors)}`);
    }
  }
}

console.log(JSON.stringify({ found, against }));
