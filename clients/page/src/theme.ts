import { element } from "./element.js";

const KEPT_AS = "streaming-theme";
const THEMES = ["system", "light", "dark"];

/** Dark or light, by the system until the switch is used. */
export function themeSwitch(): void {
  const button = element("theme", HTMLButtonElement);
  let theme = localStorage.getItem(KEPT_AS) ?? "system";
  const show = (): void => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    localStorage.setItem(KEPT_AS, theme);
    show();
  });
  show();
}
