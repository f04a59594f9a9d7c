/** Returns a function that makes each line break one character, also one that two chunks share. */
export function lineFeeds(): (data: string) => string {
  let returned = false;
  return (data) => {
    const rest = returned ? data.replace(/^\n/, "") : data;
    returned = data.endsWith("\r");
    return rest.replace(/\r\n?/g, "\n");
  };
}
