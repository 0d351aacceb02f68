const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Writes bytes as groups of 4 letters in Crockford base 32, first bit first. Takes whole multiples of 5 bytes. */
export function formatCrockford(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const letters = bits.match(/.{5}/g)!.map((five) => alphabet[Number.parseInt(five, 2)]!);
  return letters.join("").match(/.{4}/g)!.join("-");
}

/**
 * Reads letters as a person types them: case, blanks and dashes do not matter, O is 0, I and L are 1. Null where they are not
 * of the alphabet or not as many as `byteCount` bytes have.
 */
export function parseCrockford(text: string, byteCount: number): Uint8Array | null {
  const letters = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (letters.length * 5 !== byteCount * 8 || !/^[0-9A-HJKMNP-TV-Z]+$/.test(letters)) return null;
  const bits = letters
    .split("")
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  return Uint8Array.from(bits.match(/.{8}/g)!, (eight) => Number.parseInt(eight, 2));
}
