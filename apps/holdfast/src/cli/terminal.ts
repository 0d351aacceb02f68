import { HoldfastError, Secret } from "@holdfast/kernel";

/** The streams that a command talks on. */
export interface Terminal {
  /** True where a person can be asked. */
  readonly isInteractive: boolean;
  /** True where progress may be drawn over itself. */
  readonly canRedraw: boolean;
  readonly columns: number;
  writeOut(text: string): void;
  writeErr(text: string): void;
  /** Asks on the error stream, so that the answer stream stays clean. */
  ask(question: string, options: { readonly signal: AbortSignal }): Promise<string>;
  /** Asks without showing what is typed. */
  askHidden(question: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
  /** Calls back at each Ctrl-C or polite kill until disposed. */
  onInterrupt(listener: () => void): Disposable;
  /** Leaves at once, whatever is under way. */
  leave(exitCode: number): void;
}

const controlC = "\u0003";
const controlD = "\u0004";
const backspaces = new Set(["\u007f", "\b"]);

export function createProcessTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const read = async (question: string, isHidden: boolean, signal: AbortSignal): Promise<string> => {
    const { createInterface } = await import("node:readline/promises");
    if (isHidden) return await readHidden(question, signal);
    const lines = createInterface({ input: stdin, output: stderr });
    lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      return await lines.question(question, { signal });
    } finally {
      lines.close();
    }
  };
  return {
    isInteractive: stdin.isTTY && stderr.isTTY,
    canRedraw: stderr.isTTY && process.env["TERM"] !== "dumb",
    get columns() {
      return stderr.columns ?? 80;
    },
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    ask: (question, { signal }) => read(question, false, signal),
    askHidden: async (question, { signal }) => new Secret(await read(question, true, signal)),
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return {
        [Symbol.dispose]() {
          process.off("SIGINT", listener);
          process.off("SIGTERM", listener);
        },
      };
    },
    leave: (exitCode) => process.exit(exitCode),
  };
}

/** Raw mode takes Ctrl-C away from the system, so it is handed back as the signal. */
function readHidden(question: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  return new Promise((resolve, reject) => {
    let typed = "";
    const end = (settle: () => void): void => {
      stdin.off("data", onData);
      signal.removeEventListener("abort", onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      settle();
    };
    const onAbort = (): void => end(() => reject(signal.reason));
    const onData = (text: string): void => {
      for (const character of text) {
        if (character === "\r" || character === "\n") return end(() => resolve(typed));
        if (character === controlC) return void process.kill(process.pid, "SIGINT");
        if (character === controlD && typed === "") return end(() => reject(inputEnded()));
        typed = backspaces.has(character) ? typed.slice(0, -1) : typed + character;
      }
    };
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.setEncoding("utf8").on("data", onData).resume();
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function inputEnded(): HoldfastError {
  return new HoldfastError({
    code: "cli.input.ended",
    message: "the input ended before the question was answered",
    advice: "Answer on a terminal, or give the value by a file option.",
  });
}
