// Grafana's grammars as a filter: each line of standard input is a query with its language, each line of standard output
// has its syntax errors, the names of fields in it, and what they are compared with.
import { createInterface } from "node:readline";
import { parser as logql } from "@grafana/lezer-logql";
import { parser as traceql } from "@grafana/lezer-traceql";

const grammars = {
  logql: { parser: logql, names: new Set(["Identifier"]), comparison: "Matcher" },
  traceql: { parser: traceql, names: new Set(["AttributeField", "IntrinsicField"]), comparison: "FieldExpression" },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { language, query } = JSON.parse(line);
  const { parser, names, comparison } = grammars[language];
  const found = { errors: [], names: [], comparisons: [] };
  parser.parse(query).iterate({
    enter({ type, from, to, node }) {
      const text = query.slice(from, to);
      if (type.isError) {
        found.errors.push(`at ${from}: ${JSON.stringify(query.slice(from, from + 20))}`);
      } else if (names.has(type.name)) {
        found.names.push(text);
      } else if (type.name === comparison && node.lastChild && node.firstChild !== node.lastChild) {
        const parts = [node.firstChild, node.lastChild].map((part) => query.slice(part.from, part.to));
        if (parts[1].startsWith('"')) {
          found.comparisons.push([parts[0], JSON.parse(parts[1])]);
        }
      }
    },
  });
  console.log(JSON.stringify(found));
}
