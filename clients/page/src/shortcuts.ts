/** Alt with a key presses a button. By the key's place, as Alt makes other characters of letters on some systems. */
export function shortcuts(buttons: Record<string, HTMLElement>): void {
  document.addEventListener("keydown", (event) => {
    const button = buttons[event.code];
    if (!button || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (button instanceof HTMLButtonElement) button.click();
    else button.focus();
  });
}
