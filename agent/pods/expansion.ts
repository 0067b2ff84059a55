/** Expands $(NAME) in values, commands and arguments (upstream: third_party/forked/golang/expansion). */

/** `$$` becomes `$`; a reference that nobody knows stays as it is. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "$" || at + 1 >= text.length) {
      result += text[at];
      continue;
    }
    const following = text[at + 1];
    if (following === "$") {
      result += "$";
      at++;
    } else if (following === "(") {
      const end = text.indexOf(")", at + 2);
      if (end < 0) {
        result += "$(";
        at++;
        continue;
      }
      const name = text.slice(at + 2, end);
      result += lookup(name) ?? `$(${name})`;
      at = end;
    } else {
      result += `$${following}`;
      at++;
    }
  }
  return result;
}
