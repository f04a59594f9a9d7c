/** Alt with a key presses a button; by key position, because Alt changes the character on some systems. */
export function shortcuts(buttons: Record<string, HTMLElement>): void {
  document.addEventListener("keydown", (event) => {
    const button = buttons[event.code];
    if (!button || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (button instanceof HTMLButtonElement) button.click();
    else button.focus();
  });
}
