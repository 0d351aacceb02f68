import { formatBytes, formatDuration } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { Terminal } from "./terminal.ts";

/** A terminal line may change this often; a log gets a line this often. */
const redrawMs = 200;
const logLineMs = 5000;
/** The rate is that of the last seconds: short enough to show a stall, long enough not to jump. */
const rateWindowMs = 10_000;

export interface Progress extends Disposable {
  /** Says what is done now. */
  phase(title: string): void;
  /** Bytes done of the bytes in all, in the present phase. */
  advance(doneBytes: number, totalBytes: number): void;
  /** How long one slow call has been under way. */
  waiting(elapsedMs: number): void;
  /** Takes the line away, so that other text can be written. */
  clear(): void;
}

/** Progress with rate and time left: redrawn in place on a terminal, plain lines every few seconds elsewhere. */
export function createProgress(terminal: Terminal, clock: Clock): Progress {
  let title = "";
  let isShown = false;
  let nextMs = 0;
  let samples: { readonly atMs: number; readonly doneBytes: number }[] = [];
  const clear = (): void => {
    if (isShown) terminal.writeErr("\r\u001b[K");
    isShown = false;
  };
  const show = (text: string): void => {
    if (!terminal.canRedraw) return terminal.writeErr(`${text}\n`);
    clear();
    terminal.writeErr(text.slice(0, Math.max(20, terminal.columns - 1)));
    isShown = true;
  };
  const showInTurn = (text: () => string): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + (terminal.canRedraw ? redrawMs : logLineMs);
    show(text());
  };
  return {
    phase(next) {
      title = next;
      samples = [];
      nextMs = clock.monotonicMs() + (terminal.canRedraw ? 0 : logLineMs);
      show(title);
    },
    advance(doneBytes, totalBytes) {
      const atMs = clock.monotonicMs();
      samples = samples.filter((sample) => atMs - sample.atMs <= rateWindowMs);
      samples.push({ atMs, doneBytes });
      showInTurn(() => `${title}: ${describeAdvance(samples, doneBytes, totalBytes)}`);
    },
    waiting: (elapsedMs) => showInTurn(() => `${title}: ${formatDuration(elapsedMs)}`),
    clear,
    [Symbol.dispose]: clear,
  };
}

function describeAdvance(
  samples: readonly { readonly atMs: number; readonly doneBytes: number }[],
  doneBytes: number,
  totalBytes: number,
): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
  const parts = [`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`, `${percent}%`];
  const [first] = samples;
  const last = samples.at(-1);
  const windowMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs;
  if (first !== undefined && windowMs > 0) {
    const bytesPerMs = (doneBytes - first.doneBytes) / windowMs;
    parts.push(`${formatBytes(bytesPerMs * 1000)}/s`);
    if (bytesPerMs > 0) parts.push(`${formatDuration((totalBytes - doneBytes) / bytesPerMs)} left`);
  }
  return parts.join(", ");
}
