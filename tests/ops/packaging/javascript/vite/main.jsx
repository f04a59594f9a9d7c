import { createRoot } from "react-dom/client";
import { StrictMode } from "react";
import { Answer } from "./Answer.jsx"; // the example of the README

createRoot(document.querySelector("main")).render(
  <StrictMode>
    <Answer markdown={"# Title\n\n*one*\n"} />
  </StrictMode>,
);
