/** The only source of randomness and of new ids; tests hand in a seeded one. */
export interface Random {
  /** Cryptographically strong bytes in production. */
  bytes(length: number): Uint8Array;
  /** A lower-case UUID. */
  uuid(): string;
  /** Uniform in [0, 1): for jitter, never for secrets. */
  fraction(): number;
}
