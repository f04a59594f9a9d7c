import type { StreamState } from "./stream-options.js";
export interface Announcements {
    started: string;
    paused: string;
    resumed: string;
    lost: string;
    recovered: string;
    complete: string;
    cancelled: string;
    failed: string;
}
export interface AnnouncerOptions {
    /** What is announced instead; an empty text is not announced. */
    texts?: Partial<Announcements>;
    /** A live region of the page, such as one with `role="status"`. By default all announcers of a page share a hidden one. */
    region?: Element;
}
/**
 * Announces to screen readers what happens to a stream, politely, and marks the element in which it is shown with
 * `aria-busy` while more of it arrives. Pass the result as `onState`.
 */
export declare function announcer(element: Element, options?: AnnouncerOptions): (state: StreamState) => void;
