/**
 * Text as a reader may see it: whatever would move the cursor, hide or turn letters around becomes U+FFFD. Names and reasons
 * come from tags and from people, and a report must show what is there. Line breaks and tabs become spaces.
 */
export function printableText(text: string): string {
  return (
    text
      .replaceAll(/[\t\n\r\u0085\u2028\u2029]+/g, " ")
      // Controls, marks and overrides of direction, joiners that hide, tags, and halves of letters.
      .replaceAll(
        /[\p{Cc}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu,
        "\ufffd",
      )
  );
}
