import { element } from "./element.js";
import { Storing } from "./storage.js";

const THEMES = ["system", "light", "dark"];
const storing = new Storing("localStorage", "streaming-theme");

/** Dark or light, by the system until the switch is used. */
export function themeSwitch(): void {
  const button = element("theme", HTMLButtonElement);
  let theme = THEMES.find((known) => known === storing.text) ?? "system";
  const show = (): void => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    storing.text = theme;
    show();
  });
  show();
}
