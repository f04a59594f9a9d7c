/** Copies a text; the label of the button confirms it. Where the browser does not allow it, selects `shown` for the keyboard. */
export async function copy(text: string, button: HTMLButtonElement, shown?: Element): Promise<void> {
  const label = (button.dataset["label"] ??= button.textContent ?? "");
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    button.textContent = shown ? "Selected" : "Not allowed";
  }
  setTimeout(() => (button.textContent = label), 1500);
}
