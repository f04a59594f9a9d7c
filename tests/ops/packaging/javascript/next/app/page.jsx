import { Answer } from "./Answer.jsx"; // the example of the README

export const dynamic = "force-dynamic"; // rendered on the server for each request

export default function Page() {
  return <Answer markdown={"# Title\n\n*one*\n"} />;
}
