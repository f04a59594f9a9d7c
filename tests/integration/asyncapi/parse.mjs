// The official parser as a filter: each line of standard input is an AsyncAPI document, each line of standard output
// has what the parser found in it and all errors. The parser does not validate the examples of version 3, so a
// validator checks each example against the schema of its message.
import { createInterface } from "node:readline";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const parser = new Parser();

for await (const line of createInterface({ input: process.stdin })) {
  const { document, diagnostics } = await parser.parse(line);
  const errors = diagnostics.map(({ code, path, message }) => `${path.join(".")}: ${message} (${code})`);
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
        errors.push(`${message.id()}, example ${example.name()}: ${ajv.errorsText(fits.errors)}`);
      }
    }
  }

  console.log(JSON.stringify({ found, errors }));
}
