/**
 * Alt with a key presses a button; by key position, because Alt changes the character on some systems. There it types
 * that character where a text can be typed, and so does AltGr: the shortcuts do nothing then.
 */
export function shortcuts(buttons: Record<string, HTMLElement>): void {
  document.addEventListener("keydown", (event) => {
    const button = buttons[event.code];
    if (!button || !event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.getModifierState("AltGraph") || isEditing(event.target)) return;
    event.preventDefault();
    if (button instanceof HTMLButtonElement) button.click();
    else button.focus();
  });
}

/** Escape leaves an element, in which the tab key may have a meaning of its own, for the first button of a toolbar. */
export function escape(from: HTMLElement, toolbar: HTMLElement): void {
  from.addEventListener("keydown", ({ key, isComposing }) => {
    if (key === "Escape" && !isComposing) toolbar.querySelector<HTMLElement>("button:enabled")?.focus();
  });
}

interface Undoable {
  undo(): void;
  redo(): void;
  /** Whether the step belongs to the document, which then takes it. */
  isTyping(redo: boolean): boolean;
}

/** The keys of undo and redo, for what buttons did: in the document once there is no step of its own, and outside of texts. */
export function undoKeys(document_: HTMLElement, { undo, redo, isTyping }: Undoable): void {
  const take = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const isRedo = key === "y" || (key === "z" && event.shiftKey);
    if (!isRedo && key !== "z") return;
    const inDocument = document_.contains(event.target as Node);
    if (inDocument ? isTyping(isRedo) : isEditing(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    (isRedo ? redo : undo)();
  };
  document.addEventListener("keydown", take, { capture: true });
}

function isEditing(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "file"].includes(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLTextAreaElement);
}
