/** What a client is told of a stamp: no more than an operator would give it. */
export interface EmulatedStamp {
  readonly name: string;
  /** Where ARM answers, by a name that resolves: `https://localhost:<port>`. */
  readonly armUrl: string;
  readonly port: number;
  /** `east.ash.example` */
  readonly domain: string;
  readonly caFile: string;
  readonly tenant: string;
  readonly clientId: string;
  readonly secret: string;
  readonly subscriptionId: string;
  readonly location: string;
}
