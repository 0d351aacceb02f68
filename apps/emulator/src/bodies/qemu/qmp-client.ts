import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";

interface QmpMessage {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** The monitor went away while an answer was waited for. */
export class MonitorClosedError extends Error {
  constructor() {
    super("QEMU closed its monitor");
  }
}

/** Speaks QEMU's machine protocol: one JSON object a line, one command at a time. */
export class QmpClient implements Disposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = createInterface({ input: socket, crlfDelay: Infinity });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Connects and shakes hands. Rejects where nobody listens yet. */
  static async open(path: string): Promise<QmpClient> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const opening = connect(path, () => resolve(opening));
      opening.once("error", reject);
    });
    // A monitor that goes away ends the lines, which is where it is noticed.
    socket.on("error", () => socket.destroy());
    const client = new QmpClient(socket);
    await client.#answer((message) => message.QMP !== undefined);
    await client.run("qmp_capabilities");
    return client;
  }

  async run(command: string): Promise<unknown> {
    this.#socket.write(`${JSON.stringify({ execute: command })}\n`);
    const answer = await this.#answer((message) => message.return !== undefined || message.error !== undefined);
    if (answer.error !== undefined) throw new Error(`QEMU refused ${command}: ${answer.error.desc}`);
    return answer.return;
  }

  /** Skips events, which may come at any time. */
  async #answer(isAnswer: (message: QmpMessage) => boolean): Promise<QmpMessage> {
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw new MonitorClosedError();
      const message = JSON.parse(line.value) as QmpMessage;
      if (isAnswer(message)) return message;
    }
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#socket.destroy();
  }
}
